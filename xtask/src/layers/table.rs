//! The floors of orion-rt/src, and their drawing.

/// One floor: the modules on it and what they hold.
pub(crate) type Floor = &'static [(&'static str, &'static str)];

/// From the ground up. `lib` is lib.rs.
pub(crate) const FLOORS: &[Floor] = &[
    &[("sys", "std, loom or shuttle, one door")],
    &[("util", "intrusive list, rng")],
    &[("meta", "ids, names, locations"), ("coop", "budget, what a task waits for"), ("locals", "task-local values")],
    &[("task", "state, header, waker, join cell"), ("time", "clock, timers"), ("chan", "core, waiters, handles")],
    &[("select", "race of channel and future arms")],
    &[("scheduler", "local, multi, steal, sleep")],
    &[("debug", "dump, deadlock")],
    &[("runtime", "builder, entry points")],
    &[("scope", "scope, group, handle")],
    &[("lib", "the public face")],
];

/// The floor of `module`, the ground being 0.
pub(crate) fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.iter().any(|(name, _)| *name == module))
}

/// The house, roof first.
pub(crate) fn draw() -> String {
    let cell = |(name, holds): &(&str, &str)| format!("{name} ({holds})");
    let mut rows: Vec<String> =
        FLOORS.iter().map(|floor| floor.iter().map(cell).collect::<Vec<_>>().join(" | ")).collect();
    rows.reverse();
    let width = rows.iter().map(String::len).max().unwrap_or(0);
    let line = format!("+{}+\n", "-".repeat(width + 2));
    let mut drawing = line.clone();
    for row in rows {
        drawing.push_str(&format!("| {row:<width$} |\n"));
        drawing.push_str(&line);
    }
    drawing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_rise_from_sys_to_lib_and_names_are_unique() {
        assert_eq!(floor("sys"), Some(0));
        assert_eq!(floor("lib"), Some(FLOORS.len() - 1));
        assert!(floor("chan") < floor("select") && floor("runtime") < floor("scope"));
        let mut names: Vec<_> = FLOORS.iter().flat_map(|floor| floor.iter().map(|(name, _)| *name)).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn the_drawing_has_straight_walls() {
        let drawing = draw();
        let mut widths: Vec<_> = drawing.lines().map(str::len).collect();
        widths.dedup();
        assert_eq!(widths.len(), 1, "{drawing}");
        assert!(drawing.find("scope (") < drawing.find("sys ("));
    }
}
