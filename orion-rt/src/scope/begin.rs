//! The closure that makes a group's body, together with the way it is called.
//!
//! That the closure can be called, and gives just this future, is known where the group is opened. The group's future must not ask for it
//! again, `where B: FnOnce(G) -> F`: the compiler looks whether a task's future is `Send` with all lifetimes in it replaced, and finds that
//! such a closure "is not general enough" once another future (`join!`, `join_all`) holds the group's.

#![forbid(unsafe_code)]

/// See the module.
pub(super) struct Begin<G, B, F> {
    body: B,
    call: fn(B, G) -> F,
}

impl<G, B, F> Begin<G, B, F> {
    pub(super) fn new(body: B) -> Self
    where
        B: FnOnce(G) -> F,
    {
        Self { body, call: |body, group| body(group) }
    }

    pub(super) fn call(self, group: G) -> F {
        (self.call)(self.body, group)
    }
}
