//! `select!`: parse, validate, expand.
//!
//! ```text
//!   tokens --parse--> RawSelect --parse::select--> Select --validate--> Select --expand--> tokens
//!                         |                           |                    |
//!                         +---------- errors, each at its token -----------+--> compile_error! as the expression
//! ```
//!
//! After an error the expansion is the `compile_error!` alone: in expression position the compiler gives it the type
//! that agrees with everything, so the rest of the caller's function is still checked and no second error follows.

mod ast;
mod expand;
mod ops;
mod parse;
mod pattern;
mod validate;
mod wrong;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

/// Expands one invocation.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let raw = match syn::parse2::<parse::RawSelect>(input) {
        Ok(raw) => raw,
        Err(error) => return failure(&error),
    };
    let mut errors = Errors::default();
    let select = parse::select(raw, &mut errors);
    if errors.is_empty() {
        validate::check(&select, &mut errors);
    }
    match errors.finish() {
        Ok(()) => expand::expand(&select),
        Err(error) => failure(&error),
    }
}

/// One expression that reports every error.
fn failure(error: &syn::Error) -> TokenStream {
    let mut messages: Vec<_> = error.clone().into_iter().map(|error| error.into_compile_error()).collect();
    match messages.len() {
        1 => messages.remove(0),
        _ => quote!({ #(#messages);* }),
    }
}

#[cfg(test)]
mod tests;
