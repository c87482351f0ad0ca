//! Checks of a whole `select!` that no single arm can make.

use proc_macro2::Span;
use syn::Error;

use super::ast::Select;
use crate::errors::Errors;

/// Reports a select that could find itself with nothing to wait for and nothing to do about it.
pub(crate) fn check(select: &Select, errors: &mut Errors) {
    if select.default.is_some() || select.otherwise.is_some() {
        return;
    }
    if select.arms.is_empty() {
        errors.push(Error::new(Span::call_site(), "a select needs at least one arm, such as `v = <-ch => ..`"));
    } else if select.arms.iter().all(super::ast::Arm::can_leave) {
        let message = "every arm can be out (a guard, `take`, `Some(..)` or a refutable pattern): \
                       add `else => ..`, taken when all are, or `default => ..`";
        errors.push(Error::new(Span::call_site(), message));
    }
}
