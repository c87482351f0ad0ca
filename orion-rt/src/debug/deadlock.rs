//! The report of a deadlock: who waits for what, and the cycle if there is one (D1, D4).

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;

use super::{TaskInfo, TaskState};
use crate::coop::{Reason, Root};
use crate::meta::TaskId;
use crate::task::kind::Sealed;
use crate::task::owner::ScopeCore;
use crate::task::walk;

/// What is done about a root that has come to a standstill and that, for all anybody can tell, nobody will set going again.
///
/// It is about *suspected* deadlocks: of tasks that wait at a [`Chan`](crate::Chan), whose handles may be anywhere; of roots made with
/// [`start`](crate::Runtime::start), whose groups and handles may be; and of tasks beside [background](crate::TaskBuilder::background) ones that
/// tick in vain (eight turns of each, and a second by [`now`](crate::now); that is reported once of a root). One that is *proven*, where all wait for
/// each other or at channels of the root, ends the root whatever the policy.
///
/// Where a timer or I/O is waited for there is none, nor at a channel that a thread outside of tasks has used, though it be before it went into the
/// root, or another root. A thread that has not used it yet cannot be told from one that never will: `Off` is for that, as in a server that waits for its first request. Nor is there one where a future keeps a waker
/// of its own (`FuturesUnordered`, `join_all` of many, `Shared`, other crates' locks), for who has it is not known.
///
/// Rules: D1, D2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeadlockPolicy {
    /// Nothing.
    Off,
    /// After a second of unbroken quiet it is reported, to the standard error and to [`on_deadlock`](crate::Builder::on_deadlock); the root goes
    /// on. Under `deterministic` at once.
    #[default]
    Report,
    /// After the same time it ends the root as if it were proven: its tasks are cancelled, and it panics with the [`Deadlock`].
    Panic,
}

/// The tasks of a root of which nothing can run any more.
///
/// It is the payload of the root's panic, or what `try_run` returns; displayed it is the report.
///
/// ```
/// let stuck = std::panic::catch_unwind(|| orion_rt::run(async |s| s.chan::<u8>(0).named("jobs").recv().await));
/// let payload = stuck.unwrap_err();
/// let deadlock: &orion_rt::Deadlock = payload.downcast_ref().unwrap();
/// assert!(deadlock.to_string().contains("'root'") && deadlock.to_string().contains("recv on \"jobs\""));
/// assert!(deadlock.cycle().is_empty());
/// ```
///
/// Rules: D1, D4.
#[derive(Clone)]
pub struct Deadlock {
    tasks: Vec<TaskInfo>,
    cycle: Vec<TaskId>,
    is_proven: bool,
    root: Root,
}

impl Deadlock {
    /// That of `root`, in which nothing runs.
    pub(crate) fn of<K: Sealed>(root: &ScopeCore<K>, is_proven: bool) -> Self {
        let mut tasks = Vec::new();
        let _ = walk::live_tasks(root, |task| {
            tasks.push(TaskInfo::of(task));
            ControlFlow::Continue(())
        });
        let cycle = cycle(&tasks);
        Self { tasks, cycle, is_proven, root: root.root() }
    }

    /// Whether it is one of `root`.
    pub(crate) fn is_of(&self, root: Root) -> bool {
        self.root == root
    }

    /// The tasks of the root, its body first.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().build_local()?;
    /// let stuck = runtime.try_run(async |s| s.task().name("left behind").go(std::future::pending())).unwrap_err();
    /// assert_eq!(&*stuck.tasks()[0].name, "left behind");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn tasks(&self) -> &[TaskInfo] {
        &self.tasks
    }

    /// Whether nobody can set any of the tasks going; else it is only suspected ([`DeadlockPolicy`]).
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().build_local()?;
    /// assert!(runtime.try_run(async |_| std::future::pending::<()>().await).unwrap_err().is_proven());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// Tasks each of which waits for the end of the next, and the last for that of the first; empty if there are none.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().build_local()?;
    /// let stuck = runtime.try_run(async |s| {
    ///     // Each of two tasks joins the other.
    ///     let (one, two) = (s.chan(1), s.chan(1));
    ///     let first = s.spawn(async move { joined(two.recv().await.unwrap()).await });
    ///     let second = s.spawn(async move { joined(one.recv().await.unwrap()).await });
    ///     one.send(first).await.unwrap();
    ///     two.send(second).await.unwrap();
    /// });
    /// assert_eq!(stuck.unwrap_err().cycle().len(), 2);
    ///
    /// async fn joined(handle: orion_rt::JoinHandle<'_, (), orion_rt::Local>) {
    ///     handle.await.unwrap();
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn cycle(&self) -> &[TaskId] {
        &self.cycle
    }
}

/// The report, for whoever unwraps it.
impl fmt::Debug for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = match self.tasks.len() {
            1 => "a task waits".to_owned(),
            n => format!("{n} tasks wait"),
        };
        if self.is_proven {
            write!(f, "deadlock: {count}, and nothing is left that could wake any of them")?;
        } else {
            write!(f, "suspected deadlock: {count}, and nothing was seen that would wake them")?;
        }
        for task in &self.tasks {
            write!(f, "\n  {task}")?;
            if let Some(opener) = task.opener {
                write!(f, ", in a group of {opener}")?;
            }
        }
        if let Some(first) = self.cycle.first() {
            f.write_str("\n  cycle: ")?;
            for id in &self.cycle {
                write!(f, "{id}")?;
                if let Some(name) = self.tasks.iter().find(|task| task.id == *id).and_then(TaskInfo::given_name) {
                    write!(f, " '{name}'")?;
                }
                f.write_str(" -> ")?;
            }
            write!(f, "{first}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Deadlock {}

/// A cycle of tasks that wait for each other's end. Who waits for a group waits for each task in it.
fn cycle(tasks: &[TaskInfo]) -> Vec<TaskId> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        OnThePath,
        Over,
    }
    let index: HashMap<TaskId, usize> = tasks.iter().enumerate().map(|(i, task)| (task.id, i)).collect();
    let mut inside: HashMap<TaskId, Vec<usize>> = HashMap::new();
    for (i, task) in tasks.iter().enumerate() {
        task.opener.into_iter().for_each(|opener| inside.entry(opener).or_default().push(i));
    }
    let waits_for = |i: usize| -> Vec<usize> {
        let task = &tasks[i];
        let joined = task.waits.iter().filter(|wait| wait.reason() == Reason::Join);
        let mut next: Vec<usize> = joined.filter_map(|wait| index.get(&TaskId(wait.object()?)).copied()).collect();
        if task.state == TaskState::Ending || task.waits.iter().any(|wait| wait.reason() == Reason::Group) {
            next.extend(inside.get(&task.id).into_iter().flatten());
        }
        next
    };
    let mut seen = vec![Seen::Not; tasks.len()];
    for start in 0..tasks.len() {
        // The path, each with what is still to be looked at.
        let mut path = Vec::new();
        if seen[start] == Seen::Not {
            seen[start] = Seen::OnThePath;
            path.push((start, waits_for(start)));
        }
        while let Some((task, next)) = path.last_mut() {
            let Some(next) = next.pop() else {
                seen[*task] = Seen::Over;
                path.pop();
                continue;
            };
            match seen[next] {
                Seen::Over => {}
                Seen::Not => {
                    seen[next] = Seen::OnThePath;
                    path.push((next, waits_for(next)));
                }
                Seen::OnThePath => {
                    let on_the_cycle = path.iter().map(|&(i, _)| i).skip_while(|&i| i != next);
                    return on_the_cycle.map(|i| tasks[i].id).collect();
                }
            }
        }
    }
    Vec::new()
}
