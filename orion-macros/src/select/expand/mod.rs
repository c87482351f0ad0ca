//! From [`Select`] to Rust.
//!
//! ```text
//!   {
//!       enum Selected<T0, T1> { A0(T0), A1(T1), Else }
//!       let selected = {
//!           let chan0 = &(..);                          1. guards and operands, in source order (L2)
//!           let slot1 = &mut (..);                      2. plain places of `take`, once every guard has been read
//!           let mut race = pin!(Race::new(..));         3. the arms: nodes of this very future, after the race (C6)
//!           let mut arm0 = pin!(recv_arm(chan0));
//!           let selected = poll_fn(|cx| ..).await;      4. the race; outputs go straight into `Selected`
//!           selected
//!       };                                              5. losers, operands and temporaries are gone (L6)
//!       match selected { A0(value) => { let v = value; body } .. }
//!   }
//! ```
//!
//! Invariants
//! 1. Nothing of the user's but cleaned patterns stands inside a closure: `?`, `return`, `break` and `.await` in guards,
//!    operands and bodies belong to the caller.
//! 2. Every local of the expansion has a mixed-site span and every path starts at a crate, so no name of the user's is
//!    seen or shadowed; items have no such hygiene, hence the underscores.
//! 3. Outputs are not kept in the future across a suspension, so a select is `Send` when its operands are.
//!
//! Rejected: an inner `async` block (it would catch `?` in operands, and copy what it borrows into a second future).

mod bodies;
mod operands;
mod race;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::ast::{Arm, Operation, Payload, Select};
use super::pattern;

/// An item of the run-time half of `select!`, with errors about it shown at `span`.
fn seam_at(span: Span, item: &str) -> TokenStream {
    let segments = item.split("::").map(|segment| Ident::new(segment, span));
    quote_spanned!(span=> ::orion_rt::__private::select::#(#segments)::*)
}

/// An item of the run-time half of `select!`.
fn seam(item: &str) -> TokenStream {
    seam_at(Span::mixed_site(), item)
}

/// The names of one arm's locals. Errors about all but `enabled` are shown at the operand.
struct Names {
    chan: Ident,
    value: Ident,
    enabled: Ident,
    pinned: Ident,
    variant: Ident,
}

impl Names {
    fn new(index: usize, arm: &Arm) -> Self {
        let operand = match &arm.operation {
            Operation::Receive { chan, .. } | Operation::Send { chan, .. } => chan,
            Operation::Future { future, .. } => future,
        };
        let at = Span::mixed_site().located_at(operand.span());
        let local = |name: &str, span: Span| Ident::new(&format!("__{name}{index}"), span);
        Self {
            chan: local("chan", at),
            value: local("value", at),
            enabled: local("enabled", Span::mixed_site()),
            pinned: local("arm", at),
            variant: format_ident!("A{index}"),
        }
    }
}

/// The whole expansion.
pub(crate) fn expand(select: &Select) -> TokenStream {
    let names: Vec<Names> = select.arms.iter().enumerate().map(|(index, arm)| Names::new(index, arm)).collect();
    let arms = || select.arms.iter().zip(&names);
    let selected = local("selected");
    let operands = arms().map(|(arm, names)| operands::operand(arm, names));
    let places = arms().filter_map(|(arm, names)| operands::late_place(arm, names));
    let pins = arms().map(|(arm, names)| operands::pin(arm, names));
    let (new_race, race) = (race::new(select), race::race(select, &names));
    let definition = definition(select, &names);
    let bodies = arms().map(|(arm, names)| bodies::body(arm, names));
    let fallbacks = bodies::fallbacks(select);
    quote! {{
        #definition
        let #selected = {
            #(#operands)*
            #(#places)*
            #new_race
            #(#pins)*
            #race
        };
        match #selected {
            #(#bodies)*
            #fallbacks
        }
    }}
}

/// A local of the expansion that does not belong to one arm.
fn local(name: &str) -> Ident {
    Ident::new(&format!("__{name}"), Span::mixed_site())
}

/// The enum that carries the winner and what it gave.
fn definition(select: &Select, names: &[Names]) -> TokenStream {
    let variants: Vec<_> = names.iter().map(|names| &names.variant).collect();
    let generics: Vec<_> = (0..names.len()).map(|index| format_ident!("T{index}")).collect();
    let default = select.default.as_ref().map(|_| quote!(Default,));
    let otherwise = select.otherwise.as_ref().map(|_| quote!(Else,));
    quote!(enum __OrionSelected<#(#generics),*> { #(#variants(#generics),)* #default #otherwise })
}

/// Whether the pinned local of the arm is an `Option`.
fn is_optional(arm: &Arm) -> bool {
    let taken = matches!(&arm.operation, Operation::Send { value: Payload::Take(_), .. });
    let refutable = matches!(&arm.operation, Operation::Future { pattern, .. } if pattern::may_refuse(pattern));
    arm.guard.is_some() || taken || refutable
}
