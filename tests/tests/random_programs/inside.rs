//! What of a program is known before it runs, in whatever order: which tasks a group waits for, which errors it may end
//! with, which task-local value a script sees.

use crate::program::{How, Nest, Program, Step};

/// The tasks and children that are over, if they have begun, when `body` within `nest` is (S2). Empty for what waits for none.
pub(crate) fn tasks_inside(program: &Program, body: usize, nest: Nest) -> Vec<usize> {
    let mut found = Vec::new();
    match nest {
        Nest::Group | Nest::TryGroup | Nest::GroupTimeout(_) => of_scope(program, body, false, &mut found),
        Nest::Local => of_local(program, body, &mut found),
        Nest::Timeout(_) | Nest::Shield | Nest::With(_) => {}
    }
    found
}

/// All that `script` starts in a scope. A child belongs to its local group, which may be outside: `local`: it is inside.
fn of_scope(program: &Program, script: usize, local: bool, found: &mut Vec<usize>) {
    for step in &program.scripts[script] {
        match *step {
            Step::Spawn(_, How::Child) if !local => {}
            Step::Spawn(task, how) => {
                found.push(task);
                of_scope(program, task, how == How::Child, found);
            }
            Step::Within(body, nest) => of_scope(program, body, local || nest == Nest::Local, found),
            _ => {}
        }
    }
}

/// The children of the local group whose body, or child, `script` is a part of.
fn of_local(program: &Program, script: usize, found: &mut Vec<usize>) {
    for step in &program.scripts[script] {
        match *step {
            Step::Spawn(child, How::Child) => {
                found.push(child);
                of_local(program, child, found);
            }
            Step::Within(body, _) => of_local(program, body, found),
            _ => {}
        }
    }
}

/// The errors that `body` within `nest` may end with: its own, and in a try group those of the tasks spawned in it.
pub(crate) fn errors(program: &Program, body: usize, nest: Nest) -> Vec<u32> {
    let mut found = Vec::new();
    of_script(program, body, &mut found);
    if nest == Nest::TryGroup {
        of_spawned(program, body, &mut found);
    }
    found
}

fn of_script(program: &Program, script: usize, found: &mut Vec<u32>) {
    found.extend(
        program.scripts[script]
            .iter()
            .filter_map(|step| if let Step::Fail(error) = step { Some(*error) } else { None }),
    );
}

/// Those of the tasks whose scope is the one around `script`.
fn of_spawned(program: &Program, script: usize, found: &mut Vec<u32>) {
    for step in &program.scripts[script] {
        match *step {
            Step::Spawn(task, how) => {
                if matches!(how, How::Spawn | How::Go) {
                    of_script(program, task, found);
                }
                of_spawned(program, task, found);
            }
            Step::Within(_, Nest::Group | Nest::TryGroup | Nest::GroupTimeout(_)) => {}
            Step::Within(body, _) => of_spawned(program, body, found),
            _ => {}
        }
    }
}

/// By script: the task-local value where it begins.
pub(crate) fn values(program: &Program) -> Vec<Option<u8>> {
    let mut values = vec![None; program.scripts.len()];
    // Scripts are numbered from the outside to the inside.
    for (script, steps) in program.scripts.iter().enumerate() {
        for step in steps {
            match *step {
                Step::Within(body, Nest::With(value)) => values[body] = Some(value),
                Step::Within(inner, _) | Step::Spawn(inner, _) => values[inner] = values[script],
                _ => {}
            }
        }
    }
    values
}
