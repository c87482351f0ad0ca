//! How a task can fail, as its joiner sees it.

use std::any::Any;
use std::fmt;

use crate::meta::Called;
use crate::sys::plain::Mutex;

/// What a panic carries.
pub(crate) type Payload = Box<dyn Any + Send>;

/// Why a task has no value: the `Err` of a join.
///
/// `unwrap` on a join shows the reason only; [`get`](crate::JoinHandle::get) names the task in its panic.
///
/// ```
/// use orion_rt::TaskError;
/// orion_rt::run(async |s| {
///     let reader = s.task().name("reader").isolated().spawn(async { panic!("no input") });
///     match reader.await {
///         Ok(()) => unreachable!("it panics"),
///         Err(TaskError::Cancelled) => println!("asked to stop"),
///         Err(error @ TaskError::Panicked(_)) => {
///             assert!(error.to_string().starts_with("task 'reader'"));
///         }
///         Err(other) => println!("{other}"),
///     }
/// });
/// ```
///
/// Rules: J5, P1, P2, S5.
#[derive(Debug)]
#[non_exhaustive]
pub enum TaskError {
    /// The task was cancelled before its future returned, or was spawned into a scope that was cancelled or had ended.
    Cancelled,
    /// The task's future panicked, while it was polled or while it was dropped.
    Panicked(Panic),
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str(
                "the task was cancelled before it returned: its handle, its scope or a panic beside it asked it to stop, or its \
                 scope had ended when it was spawned",
            ),
            Self::Panicked(panic) => panic.fmt(f),
        }
    }
}

impl std::error::Error for TaskError {}

/// A panic of a task.
///
/// The payload of an ordinary task's panic goes to its scope, which re-raises it (P1); its joiner gets the message. Of an isolated task
/// (P2), and of a root that was [started](crate::Runtime::start), it is here:
///
/// ```
/// use orion_rt::TaskError;
/// let runtime = orion_rt::Runtime::builder().workers(1).build()?;
/// let root = runtime.start(async |_| panic!("out of paper"));
/// let Err(TaskError::Panicked(panic)) = futures::executor::block_on(root).map(|()| ()) else { unreachable!() };
/// assert_eq!(panic.message(), "out of paper");
/// assert!(panic.into_payload().is_some());
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Panic(Box<Details>);

/// Boxed, so that the error adds one word to the result that every task has room for.
struct Details {
    of: Called,
    /// `of` is a root's body, and the panic may be that of any task of the root: which one, its payload does not say.
    of_root: bool,
    message: Box<str>,
    /// Behind a lock that nobody takes, for `Sync`: an error that is not cannot go through `?` into `Box<dyn Error + Send + Sync>`.
    payload: Mutex<Option<Payload>>,
}

impl Panic {
    /// The panic with this message, whose payload is someone else's to raise.
    pub(crate) fn described(of: Called, payload: &(dyn Any + Send)) -> Self {
        Self(Box::new(Details { of, of_root: false, message: message_of(payload), payload: Mutex::new(None) }))
    }

    /// The panic of an isolated task, payload and all (P2).
    pub(crate) fn kept(of: Called, payload: Payload) -> Self {
        let message = message_of(&*payload);
        Self(Box::new(Details { of, of_root: false, message, payload: Mutex::new(Some(payload)) }))
    }

    /// The panic that a started root with this body ended with, payload and all; `message` is the payload's, if it has one and is no
    /// string.
    pub(crate) fn of_root(body: Called, payload: Payload, message: Option<String>) -> Self {
        let mut panic = Self::kept(body, payload);
        panic.0.of_root = true;
        if let Some(message) = message {
            panic.0.message = message.into();
        }
        panic
    }

    /// The panic's message: the payload where it is a string, else a description of that fact.
    ///
    /// ```
    /// use orion_rt::TaskError;
    /// orion_rt::run(async |s| {
    ///     let odd = s.task().isolated().spawn(async { std::panic::panic_any(7) });
    ///     let Err(TaskError::Panicked(panic)) = odd.await.map(|()| ()) else { unreachable!() };
    ///     assert_eq!(panic.message(), "a payload that is no string");
    /// });
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The value the task panicked with, for `std::panic::resume_unwind`; `None` if the scope has it.
    #[must_use]
    pub fn into_payload(self) -> Option<Box<dyn Any + Send>> {
        self.0.payload.into_inner()
    }
}

impl Panic {
    /// The payload, if nobody has taken it.
    pub(crate) fn take_payload(&mut self) -> Option<Payload> {
        self.0.payload.get_mut().take()
    }
}

/// Which task panicked, where it was spawned, and the message.
impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = if self.0.of_root { ", or a task of it," } else { "" };
        write!(f, "{}{whose} panicked: {}", self.0.of, self.message())
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panic").field("task", &self.0.of.id).field("message", &self.message()).finish_non_exhaustive()
    }
}

/// The text of a panic payload.
fn message_of(payload: &(dyn Any + Send)) -> Box<str> {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        (*text).into()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.as_str().into()
    } else {
        "a payload that is no string".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_word() {
        assert_eq!(size_of::<TaskError>(), size_of::<usize>());
        assert_eq!(size_of::<Result<u64, TaskError>>(), 2 * size_of::<u64>());
    }

    #[test]
    fn messages_are_found_in_both_kinds_of_string() {
        assert_eq!(&*message_of(&"plain"), "plain");
        assert_eq!(&*message_of(&String::from("owned")), "owned");
        assert_eq!(&*message_of(&7_u8), "a payload that is no string");
    }
}
