//! What the model knows of tasks, of what they are in the middle of, and of scopes.

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Parked,
    Queued,
    Running,
    /// Its future is gone, descendants are not.
    Returned,
    Complete,
}

pub(super) struct Task {
    pub(super) life: Life,
    /// Woken while it runs.
    pub(super) woken: bool,
    pub(super) cancelled: bool,
    pub(super) scope: usize,
    pub(super) frames: Vec<Frame>,
    /// Scopes it has opened.
    pub(super) groups: Vec<usize>,
    pub(super) isolated: bool,
    pub(super) has_handle: bool,
    /// It returned, and nobody has taken the result.
    pub(super) has_result: bool,
    /// It panicked, and nobody has been told by joining it.
    pub(super) panic: Option<u32>,
    pub(super) joiner: Option<usize>,
}

impl Task {
    /// Whether it is dropped instead of polled (X1, X3).
    pub(super) fn is_to_end(&self) -> bool {
        self.cancelled && !self.frames.iter().any(|frame| frame.shield)
    }
}

/// A script that is being carried out: the task's own, or a group's body.
pub(super) struct Frame {
    pub(super) script: usize,
    pub(super) at: usize,
    pub(super) scope: usize,
    pub(super) handles: Vec<Option<usize>>,
    pub(super) wait: Wait,
    pub(super) shield: bool,
}

/// What a frame has begun and not ended.
#[derive(Clone, Copy)]
pub(super) enum Wait {
    Nothing,
    Yield,
    /// The budget was spent: the race is yet to begin.
    Unbegun(usize),
    Race {
        race: usize,
        kind: Kind,
    },
    Join {
        task: usize,
        takes: bool,
    },
    Group(usize),
    Shield,
    Cancelled,
    ScopeCancelled,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Single,
    Select,
    /// Gives up after so many turns; `begun`: peers may have found it.
    Until {
        left: u8,
        begun: bool,
    },
}

#[derive(Default)]
pub(super) struct Scope {
    pub(super) opener: Option<usize>,
    /// Scopes opened on it.
    pub(super) below: Vec<usize>,
    pub(super) tasks: Vec<usize>,
    pub(super) live: usize,
    pub(super) body_is_over: bool,
    /// Its future was dropped.
    pub(super) abandoned: bool,
    pub(super) cancelled: bool,
    /// Something in it has panicked: its body ends too.
    pub(super) failed: bool,
    /// The panic that comes out of it at the end.
    pub(super) payload: Option<u32>,
    /// Tasks that wait for it to be cancelled.
    pub(super) listeners: Vec<usize>,
}
