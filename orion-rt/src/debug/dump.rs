//! A dump: every live task, what it is called and what it waits for.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::coop::{self, Reason};
use crate::meta::{TaskId, names};
use crate::task::ancestry;
use crate::task::header::Header;
use crate::task::kind::Sealed;
use crate::task::state::TaskState as _;

/// Every task that was live at one look, frames included. Made by [`Dumper::dump`](super::Dumper::dump) and
/// `Runtime::dump`; taking one polls nothing.
///
/// Rules: D5, D7.
#[derive(Debug, Clone)]
pub struct Dump {
    tasks: Vec<TaskInfo>,
    note: Option<&'static str>,
}

impl Dump {
    pub(super) fn new() -> Self {
        Self { tasks: Vec::new(), note: None }
    }

    pub(super) fn unanswered(note: &'static str) -> Self {
        Self { tasks: Vec::new(), note: Some(note) }
    }

    pub(super) fn add<K: Sealed>(&mut self, task: &Header<K>) {
        self.tasks.push(TaskInfo::of(task));
    }

    /// The tasks, a root's body first.
    ///
    /// ```
    /// orion_rt::run(async |_| {
    ///     let dump = orion_rt::dumper().unwrap().dump();
    ///     assert_eq!(&*dump.tasks()[0].name, "root");
    /// });
    /// ```
    #[must_use]
    pub fn tasks(&self) -> &[TaskInfo] {
        &self.tasks
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(note) = self.note {
            return write!(f, "no dump: {note}");
        }
        write!(f, "{} live task{}", self.tasks.len(), if self.tasks.len() == 1 { "" } else { "s" })?;
        self.tasks.iter().try_for_each(|task| write!(f, "\n  {task}"))
    }
}

/// One task of a [`Dump`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TaskInfo {
    /// The task's identity.
    pub id: TaskId,
    /// Its name, or the place it was spawned at.
    pub name: Arc<str>,
    /// The place it was spawned at.
    pub location: &'static Location<'static>,
    /// What it does.
    pub state: TaskState,
    /// What it waits for, if it is parked on something the runtime knows.
    pub waits: Vec<Wait>,
    is_named: bool,
    /// The task that has opened the group it is in.
    pub(super) opener: Option<TaskId>,
}

impl TaskInfo {
    pub(super) fn of<K: Sealed>(task: &Header<K>) -> Self {
        let (scheduled, running) = task.state.activity();
        let state = if task.state.is_returned() {
            TaskState::Ending
        } else if running {
            TaskState::Running
        } else if scheduled {
            TaskState::Runnable
        } else {
            TaskState::Parked
        };
        let waits = match (state, task.wait.load()) {
            (TaskState::Parked, Some((wait, epoch))) if wait.reason != Reason::Unknown => vec![Wait::new(wait, epoch)],
            _ => Vec::new(),
        };
        let name = task.name().map_or_else(|| task.location.to_string().into(), Arc::clone);
        let (is_named, opener) = (task.name().is_some(), ancestry::opener_of(task));
        Self { id: task.id, name, location: task.location, state, waits, is_named, opener }
    }
}

impl TaskInfo {
    /// The name it was given.
    pub(super) fn given_name(&self) -> Option<&str> {
        self.is_named.then_some(&*self.name)
    }
}

impl fmt::Display for TaskInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.id)?;
        if let Some(name) = self.given_name() {
            write!(f, "'{name}' ")?;
        }
        write!(f, "spawned at {}: {}", self.location, self.state)?;
        self.waits.iter().try_for_each(|wait| write!(f, ", {wait}"))
    }
}

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskState {
    /// It is in a queue.
    Runnable,
    /// A thread polls it.
    Running,
    /// It waits to be woken.
    Parked,
    /// Its future is gone; it waits for the tasks of groups it opened.
    Ending,
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Runnable => "runnable",
            Self::Running => "running",
            Self::Parked => "parked",
            Self::Ending => "ending, waits for its groups",
        })
    }
}

/// What a parked task waits for.
///
/// ```
/// orion_rt::run(async |s| {
///     let jobs = orion_rt::Chan::<u32>::new(0).named("jobs");
///     let input = jobs.clone();
///     s.task().name("reader").go(async move { drop(input.recv().await) });
///     orion_rt::yield_now().await;
///     let dump = orion_rt::dumper().unwrap().dump();
///     let reader = dump.tasks().iter().find(|task| &*task.name == "reader").unwrap();
///     assert!(reader.waits[0].to_string().starts_with("recv on \"jobs\" at "));
///     jobs.close();
/// });
/// ```
///
/// Rules: D4, D6.
#[derive(Debug, Clone)]
pub struct Wait {
    wait: coop::Wait,
    epoch: u32,
    name: Option<Arc<str>>,
}

impl Wait {
    fn new(wait: coop::Wait, epoch: u32) -> Self {
        Self { wait, epoch, name: names::name_of(wait.object) }
    }

    pub(super) fn reason(&self) -> Reason {
        self.wait.reason
    }

    /// Where the task waits.
    #[must_use]
    pub fn location(&self) -> Option<&'static Location<'static>> {
        self.wait.location
    }

    /// The channel or task it waits for.
    #[must_use]
    pub fn object(&self) -> Option<u64> {
        (self.wait.object != 0).then_some(self.wait.object)
    }

    /// Changes with every park of the task: two dumps that show the same epoch show the same wait.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.wait.reason {
            Reason::Unknown => "something foreign",
            Reason::Recv => "recv",
            Reason::Send => "send",
            Reason::Select => "select",
            Reason::Join => "join",
            Reason::Group => "end of group",
            Reason::Sleep => "sleep",
            Reason::Cancelled => "a cancellation",
            Reason::Yield => "its turn",
            Reason::Blocking => "blocking call",
        })?;
        match (&self.name, self.object()) {
            (Some(name), _) => write!(f, " on {name:?}")?,
            (None, Some(task)) if self.wait.reason == Reason::Join => write!(f, " on task #{task}")?,
            (None, Some(channel)) => write!(f, " on channel #{channel}")?,
            (None, None) => {}
        }
        self.wait.location.map_or(Ok(()), |location| write!(f, " at {location}"))
    }
}
