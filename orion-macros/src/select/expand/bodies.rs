//! Step 5: binding what the winner gave and running its body, with everything else already dropped.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, Pat};

use super::super::ast::{Arm, Binding, Operation, Select};
use super::super::pattern;
use super::{Names, local};

/// The match arm that binds what an arm gave and runs its body. `selected` is moved out as a whole first: were it only
/// matched apart, the compiler would keep the other arms' outputs in the future while the body awaits (invariant 3).
pub(super) fn body(arm: &Arm, names: &Names) -> TokenStream {
    let (variant, value, selected) = (&names.variant, local("value"), local("selected"));
    let body = inlined(&arm.body);
    let bound = match &arm.operation {
        Operation::Receive { binding: Binding::Nothing, .. } => quote!({ let __unused = #value; } #body),
        Operation::Receive { binding: Binding::Whole(pattern) | Binding::Value(pattern), .. }
        | Operation::Send { result: Some(pattern), .. } => quote!(let #pattern = #value; #body),
        Operation::Send { result: None, arrow, .. } => {
            // Plain spans of the user's: `#[track_caller]` then reports the arm's line, not the macro's first.
            let error = local("error");
            let panic = quote_spanned!(*arrow=> ::orion_rt::__private::select::send_on_closed(#error));
            quote! {
                match #value {
                    ::core::result::Result::Ok(()) => {}
                    ::core::result::Result::Err(#error) => #panic,
                }
                #body
            }
        }
        Operation::Future { pattern, .. } if pattern::may_refuse(pattern) => {
            let (bindings, body) = (pattern::bindings(pattern), &arm.body);
            quote! {
                #(
                    #[allow(unused_variables)]
                    let #bindings: ();
                )*
                #[allow(unreachable_patterns)]
                match #value {
                    #pattern => #body,
                    _ => ::core::unreachable!("the output matched this pattern before"),
                }
            }
        }
        // Without the user's span: to a lint `_ = future` is no choice between `_` and `()`.
        Operation::Future { pattern: Pat::Wild(_), .. } => quote!(let _ = #value; #body),
        Operation::Future { pattern, .. } => quote!(let #pattern = #value; #body),
    };
    quote! {
        __OrionSelected::#variant(..) => {
            // `mut` for patterns that say `ref mut`.
            #[allow(unreachable_patterns, unused_mut)]
            let mut #value = match { #selected } {
                __OrionSelected::#variant(#value) => #value,
                _ => ::core::unreachable!("the variant was looked at before"),
            };
            #bound
        }
    }
}

/// The body's statements if it is a plain block (braces around a block's last expression are a lint), else the body.
fn inlined(body: &Expr) -> TokenStream {
    match body {
        Expr::Block(block) if block.label.is_none() && block.attrs.is_empty() => {
            let statements = &block.block.stmts;
            quote!(#(#statements)*)
        }
        other => quote!(#other),
    }
}

/// The match arms of `default` and `else`.
pub(super) fn fallbacks(select: &Select) -> TokenStream {
    let selected = local("selected");
    let arm = |variant: &str, body: &Expr| {
        let (variant, body) = (format_ident!("{variant}"), inlined(body));
        quote!(__OrionSelected::#variant => { { let __unused = #selected; } #body })
    };
    let default = select.default.as_ref().map(|body| arm("Default", body));
    let otherwise = select.otherwise.as_ref().map(|body| arm("Else", body));
    quote!(#default #otherwise)
}
