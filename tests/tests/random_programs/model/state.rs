//! What the model knows of tasks, of what they are in the middle of, and of scopes.

use std::collections::VecDeque;

use crate::trace::Outcome;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Parked,
    Queued,
    Running,
    /// Its future is gone, descendants are not.
    Returned,
    Complete,
}

/// A task; or a child or the body of a local group, which is one to its handle, and to what wakes it.
pub(super) struct Task {
    pub(super) life: Life,
    /// Woken while it runs.
    pub(super) woken: bool,
    pub(super) cancelled: bool,
    pub(super) scope: usize,
    pub(super) frames: Vec<Frame>,
    /// Scopes it has opened.
    pub(super) groups: Vec<usize>,
    /// The local group it is a part of.
    pub(super) local: Option<usize>,
    pub(super) isolated: bool,
    pub(super) background: bool,
    /// An error ends its scope.
    pub(super) fallible: bool,
    /// The set that joins it.
    pub(super) set: Option<usize>,
    /// The task-local value it was born with.
    pub(super) inherited: Option<u8>,
    pub(super) has_handle: bool,
    /// The error its script has ended with.
    pub(super) error: Option<u32>,
    /// It returned, and nobody has taken the result.
    pub(super) has_result: bool,
    /// It panicked, and nobody has been told by joining it.
    pub(super) panic: Option<u32>,
    pub(super) joiner: Option<usize>,
    /// Who waits for it to be cancelled.
    pub(super) listeners: Vec<usize>,
}

/// A script that is being carried out: the task's own, or one within another.
pub(super) struct Frame {
    pub(super) script: usize,
    pub(super) at: usize,
    pub(super) scope: usize,
    /// The innermost local group.
    pub(super) local: Option<usize>,
    pub(super) handles: Vec<Option<usize>>,
    pub(super) set: Option<usize>,
    /// The channels of which its script holds halves, oldest first.
    pub(super) senders: VecDeque<usize>,
    pub(super) receivers: VecDeque<usize>,
    pub(super) wait: Wait,
    /// The turn in which a spent budget has refused what it waits for: the end of the wait, and its deadline.
    pub(super) refused: [Option<u64>; 2],
    /// Whether there was budget left before the turn's look at what is inside.
    pub(super) had_budget: bool,
    pub(super) shield: bool,
    /// The task-local value it was given.
    pub(super) value: Option<u8>,
}

impl Task {
    /// One that begins with `frame`.
    pub(super) fn new(frame: Frame) -> Self {
        Self {
            life: Life::Queued,
            woken: false,
            cancelled: false,
            scope: frame.scope,
            frames: vec![frame],
            groups: Vec::new(),
            local: None,
            isolated: false,
            background: false,
            fallible: false,
            set: None,
            inherited: None,
            has_handle: false,
            error: None,
            has_result: false,
            panic: None,
            joiner: None,
            listeners: Vec::new(),
        }
    }
}

impl Frame {
    pub(super) fn new(script: usize, scope: usize, local: Option<usize>) -> Self {
        let (handles, wait) = (Vec::new(), Wait::Nothing);
        Self {
            script,
            at: 0,
            scope,
            local,
            handles,
            set: None,
            senders: VecDeque::new(),
            receivers: VecDeque::new(),
            wait,
            refused: [None; 2],
            had_budget: true,
            shield: false,
            value: None,
        }
    }
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
        how: Joining,
    },
    Next,
    Sleep(u64),
    Cancelled,
    ScopeCancelled,
    /// The frame above is the body, while there is one.
    Group(usize),
    Local(usize),
    /// The frame above has so much time.
    Timeout(u64),
    /// For the frame above.
    Inner,
    /// What the frame above was is over.
    Ended(Outcome),
    /// A panic has come out of the drop of the frame above.
    Raised(u32),
}

#[derive(Clone, Copy)]
pub(super) enum Joining {
    /// With its result.
    Whole,
    /// Only its end.
    End,
    /// With its result, up to a moment; then the handle is back in its place.
    Until { deadline: u64, place: usize },
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
    /// Who polls its future: the opener, or a part of a local group inside it.
    pub(super) waiter: Option<usize>,
    /// Scopes opened on it.
    pub(super) below: Vec<usize>,
    pub(super) tasks: Vec<usize>,
    /// Tasks that are not complete, but for those in the background.
    pub(super) live: usize,
    pub(super) background: usize,
    /// Background tasks were told to stop, and no more come in.
    pub(super) no_background: bool,
    pub(super) body_is_over: bool,
    /// Its body is to end too.
    pub(super) stopped: bool,
    /// Its future is over, or was dropped.
    pub(super) abandoned: bool,
    pub(super) cancelled: bool,
    /// When `cancel_after` cancels it.
    pub(super) deadline: Option<u64>,
    /// When its time is up, if it is not yet.
    pub(super) time: Option<u64>,
    pub(super) elapsed: bool,
    /// Whether an error ends it.
    pub(super) fallible: bool,
    /// The body's error, or if it is fallible the first.
    pub(super) error: Option<u32>,
    /// Something in it has panicked.
    pub(super) failed: bool,
    /// The panic that comes out of it at the end.
    pub(super) payload: Option<u32>,
    /// Tasks that wait for it to be cancelled.
    pub(super) listeners: Vec<usize>,
    /// Local groups that end when it is cancelled.
    pub(super) locals: Vec<usize>,
    /// The scope below whose future was dropped and whose end is waited for.
    pub(super) outlives: Option<usize>,
}

impl Scope {
    /// Whether tasks of it are left.
    pub(super) fn has_tasks(&self) -> bool {
        self.live + self.background > 0
    }

    /// Whether it takes no task any more (S2, S5).
    pub(super) fn refuses(&self) -> bool {
        self.cancelled || self.body_is_over && !self.has_tasks()
    }
}

/// Tasks joined in the order in which they complete.
#[derive(Default)]
pub(super) struct Set {
    pub(super) tasks: Vec<usize>,
    pub(super) complete: VecDeque<usize>,
    pub(super) waiter: Option<usize>,
}

/// A local group. Its body is one of its parts, like a child.
pub(super) struct Local {
    /// Who polls it.
    pub(super) host: usize,
    pub(super) body: usize,
    /// Those that are not over, the body too.
    pub(super) parts: Vec<usize>,
    /// Those to be polled, in order; those of one entry in any order.
    pub(super) ready: VecDeque<Vec<Part>>,
    /// Those that become ready together.
    pub(super) woken: Vec<Part>,
    /// The host is to be woken when one is ready.
    pub(super) parked: bool,
    pub(super) cancelled: bool,
    pub(super) failed: bool,
    pub(super) payload: Option<u32>,
}

/// What is polled in a local group.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Task(usize),
    /// The scope around was cancelled.
    Watch,
}
