//! Steps 1 to 3: evaluating guards and operands in source order, then making and pinning the arms.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::Expr;

use super::super::ast::{Arm, Binding, Operation, Payload};
use super::{Names, is_optional, seam_at};

/// Step 1 for one arm: its guard, then its operands.
pub(super) fn operand(arm: &Arm, names: &Names) -> TokenStream {
    let Names { chan, value, enabled, .. } = names;
    let guard = arm.guard.as_ref().map(|guard| quote!(let #enabled: bool = #guard;));
    let operands = match &arm.operation {
        Operation::Receive { chan: expr, .. } => borrow(arm, names, chan, &quote!(&), expr),
        Operation::Send { chan: expr, value: Payload::Take(place), .. } => {
            let chan = borrow(arm, names, chan, &quote!(&), expr);
            let place = (!is_plain_place(place)).then(|| borrow(arm, names, value, &quote!(&mut), place));
            quote!(#chan #place)
        }
        Operation::Send { chan: expr, value: Payload::Value(payload), .. } => {
            let borrowed = borrow(arm, names, chan, &quote!(&), expr);
            // The channel tells the type that the value is coerced to.
            let (send_value, expected) = (seam_at(chan.span(), "send_value"), seam_at(chan.span(), "expected"));
            let computed = mapped(arm, quote!(#chan), quote!(#send_value(#expected(#chan), #payload)));
            quote!(#borrowed let #value = #computed;)
        }
        Operation::Future { future, .. } => {
            // First by itself, so that a temporary it borrows lives as long as the race.
            let operand = bind(arm, names, value, future);
            let into_future = seam_at(value.span(), "future_operand");
            let made = mapped(arm, quote!(#value), quote!(#into_future(#value)));
            quote!(#operand let #value = #made;)
        }
    };
    quote!(#guard #operands)
}

/// `let name = &expr;`.
fn borrow(arm: &Arm, names: &Names, name: &Ident, reference: &TokenStream, expr: &Expr) -> TokenStream {
    let place = grouped(expr);
    bind(arm, names, name, quote!(#reference #place))
}

/// `let name = expr;`, within an `Option` if the arm has a guard. The braces of `Some { 0: .. }` let temporaries live to
/// the end of the block, as a plain `let` does.
fn bind(arm: &Arm, names: &Names, name: &Ident, expr: impl ToTokens) -> TokenStream {
    let Some(_) = arm.guard else { return quote!(let #name = #expr;) };
    let enabled = &names.enabled;
    quote! {
        let #name = if #enabled {
            ::core::option::Option::Some { 0: #expr }
        } else {
            ::core::option::Option::None
        };
    }
}

/// `call`, with a guard within the `Option` that `name` is. That is moved out as a whole: taken apart in place, the compiler
/// would keep room for it in the future.
fn mapped(arm: &Arm, name: TokenStream, call: TokenStream) -> TokenStream {
    match arm.guard {
        None => call,
        Some(_) => quote! {
            match { #name } {
                ::core::option::Option::Some(#name) => ::core::option::Option::Some(#call),
                ::core::option::Option::None => ::core::option::Option::None,
            }
        },
    }
}

/// `expr`, in parentheses unless a prefix operator applies to all of it anyway.
fn grouped(expr: &Expr) -> TokenStream {
    match expr {
        Expr::Path(_)
        | Expr::Field(_)
        | Expr::MethodCall(_)
        | Expr::Call(_)
        | Expr::Index(_)
        | Expr::Paren(_)
        | Expr::Macro(_)
        | Expr::Await(_)
        | Expr::Try(_) => quote!(#expr),
        _ => quote!((#expr)),
    }
}

/// Whether borrowing `place` evaluates nothing, so that it may wait until later guards have looked at the slot.
fn is_plain_place(place: &Expr) -> bool {
    match place {
        Expr::Path(_) => true,
        Expr::Field(field) => is_plain_place(&field.base),
        Expr::Paren(paren) => is_plain_place(&paren.expr),
        Expr::Group(group) => is_plain_place(&group.expr),
        Expr::Unary(unary) => matches!(unary.op, syn::UnOp::Deref(_)) && is_plain_place(&unary.expr),
        Expr::Index(index) => is_plain_place(&index.expr) && matches!(*index.index, Expr::Lit(_) | Expr::Path(_)),
        _ => false,
    }
}

/// Step 2: the slot of a `take` that step 1 left alone.
pub(super) fn late_place(arm: &Arm, names: &Names) -> Option<TokenStream> {
    match &arm.operation {
        Operation::Send { value: Payload::Take(place), .. } if is_plain_place(place) => {
            Some(borrow(arm, names, &names.value, &quote!(&mut), place))
        }
        _ => None,
    }
}

/// Step 3 for one arm.
pub(super) fn pin(arm: &Arm, names: &Names) -> TokenStream {
    let Names { chan, value, pinned, .. } = names;
    let call = |function: &str, arguments: TokenStream| {
        let function = seam_at(chan.span(), function);
        quote!(#function(#arguments))
    };
    let some = quote!(::core::option::Option::Some);
    let made = match &arm.operation {
        Operation::Receive { binding: Binding::Value(_), .. } => {
            mapped(arm, quote!(#chan), call("recv_some_arm", quote!(#chan)))
        }
        Operation::Receive { .. } => mapped(arm, quote!(#chan), call("recv_arm", quote!(#chan))),
        Operation::Send { value: Payload::Take(_), .. } => {
            let take = call("take_arm", quote!(#chan, #value));
            match arm.guard {
                None => take,
                Some(_) => quote! {
                    match (#chan, #value) {
                        (#some(#chan), #some(#value)) => #take,
                        _ => ::core::option::Option::None,
                    }
                },
            }
        }
        Operation::Send { .. } => {
            let send = call("send_arm", quote!(#chan, #value));
            match arm.guard {
                None => send,
                Some(_) => quote! {
                    match (#chan, #value) {
                        (#some(#chan), #some(#value)) => #some(#send),
                        _ => ::core::option::Option::None,
                    }
                },
            }
        }
        Operation::Future { .. } if arm.guard.is_none() && is_optional(arm) => quote!(#some(#value)),
        Operation::Future { .. } => quote!(#value),
    };
    quote!(let mut #pinned = ::core::pin::pin!(#made);)
}
