//! Who uses a channel: whether somebody besides the tasks of one root could make a task go on that waits at it.
//!
//! A channel that has its root's lifetime is the tasks of that root's alone (D1). Of any other the handles may be anywhere; all that can be
//! said is whether anybody else has used it so far (D2).

#![forbid(unsafe_code)]

use crate::coop::{self, Root, Shared};

#[derive(Debug)]
pub(super) struct Users {
    /// The first, or whose lifetime it has.
    root: Root,
    belongs: bool,
    others: bool,
}

impl Users {
    /// Those of a channel that has the lifetime of `home`, if of any.
    pub(super) fn new(home: Root) -> Self {
        let belongs = home != Root::NONE;
        Self { root: if belongs { home } else { Root::UNKNOWN }, belongs, others: false }
    }

    /// This thread uses the channel.
    #[inline]
    pub(super) fn note(&mut self) {
        let user = coop::root();
        if self.root != user {
            self.add(user);
        }
    }

    #[cold]
    fn add(&mut self, user: Root) {
        if self.root == Root::UNKNOWN && user != Root::NONE {
            self.root = user;
        } else {
            // Outside of tasks there is no root: somebody else.
            self.others = true;
        }
    }

    /// The current task is about to wait at the channel.
    #[inline]
    pub(super) fn note_wait(&self) {
        coop::note_shared(match (self.belongs, self.others) {
            (true, _) if self.root == coop::root() => Shared::NOBODY,
            (false, false) => Shared::ANYBODY,
            _ => Shared::OTHERS,
        });
    }
}
