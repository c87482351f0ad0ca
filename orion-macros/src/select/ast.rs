//! What an invocation of `select!` says, after parsing and before any expansion.

use proc_macro2::{Span, TokenTree};
use syn::{Expr, Pat};

/// A whole invocation.
pub(crate) struct Select {
    pub(crate) biased: bool,
    pub(crate) arms: Vec<Arm>,
    /// `default => ..`
    pub(crate) default: Option<Expr>,
    /// `else => ..`
    pub(crate) otherwise: Option<Expr>,
}

/// An arm that takes part in the race.
pub(crate) struct Arm {
    pub(crate) operation: Operation,
    pub(crate) guard: Option<Expr>,
    pub(crate) body: Expr,
}

/// What an arm waits for.
pub(crate) enum Operation {
    /// `v = <-chan`, `Some(v) = <-chan` or `<-chan`
    Receive { binding: Binding, chan: Expr },
    /// `chan <- value`, `chan <- take slot`, each also with `r = ` before it
    Send { result: Option<Pat>, chan: Expr, arrow: Span, value: Payload },
    /// `pattern = future`
    Future { pattern: Pat, future: Expr },
}

/// What a receiving arm binds.
pub(crate) enum Binding {
    /// `<-chan`
    Nothing,
    /// `v = <-chan`: the whole `Option`
    Whole(Pat),
    /// `Some(v) = <-chan`: the value, and the arm leaves the race once the channel is closed and drained
    Value(Pat),
}

/// What a sending arm sends.
pub(crate) enum Payload {
    Value(Expr),
    /// `take place`: moved out of an `Option` only if the arm wins
    Take(Expr),
}

impl Arm {
    /// Whether the arm can be disabled or leave the race.
    pub(crate) fn can_leave(&self) -> bool {
        self.guard.is_some()
            || match &self.operation {
                Operation::Receive { binding, .. } => matches!(binding, Binding::Value(_)),
                Operation::Send { value, .. } => matches!(value, Payload::Take(_)),
                Operation::Future { pattern, .. } => super::pattern::may_refuse(pattern),
            }
    }
}

/// An arm as it stands in the source: the head is not yet understood.
pub(crate) struct RawArm {
    pub(crate) head: Vec<TokenTree>,
    pub(crate) guard: Option<Vec<TokenTree>>,
    pub(crate) arrow: Span,
    pub(crate) body: Expr,
}
