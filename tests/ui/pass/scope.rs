// S1, S2, J1, J2, R1: what the rules allow compiles without a warning.
#![deny(warnings)]

use std::rc::Rc;

use orion_rt::{Group, JoinHandle, Local, Multi};

fn is_send<T: Send>(_: &T) {}

/// A function that spawns takes a group; `&Scope` coerces to it.
fn spawner<'s>(g: &Group<'s>, text: &'s str) -> JoinHandle<'s, usize, Multi> {
    g.spawn(async move { text.len() })
}

fn main() {
    let mut numbers = vec![1, 2, 3, 4];
    let text = String::from("text");

    // S1: children borrow what outlives `run`, mutably too. R1: nothing has to be `Send`.
    let total: i32 = orion_rt::run(async |s| {
        for half in numbers.chunks_mut(2) {
            s.go(async move { half.swap(0, 1) });
        }
        let shared = Rc::new(5);
        let handle = s.spawn({
            let shared = Rc::clone(&shared);
            async move { Rc::clone(&shared) }
        });
        *handle.get().await
    });
    assert_eq!((total, numbers), (5, vec![2, 1, 4, 3]));

    let runtime = orion_rt::Runtime::builder().workers(2).build().unwrap();
    runtime.run(async |s| {
        // J2: giving a task up on purpose.
        s.spawn(async { 1 }).release();
        let handle = spawner(s, &text);
        is_send(&handle);
        is_send(&handle.join());
        // S2: a handle may leave its group, and still joins.
        let handle = s.group(async |g| spawner(&g, &text)).await;
        assert_eq!(handle.get().await, 4);
    });

    let _: fn(&Group<'_, Local>) = |_| ();
}
