//! `#[orion_rt::main]` and `#[orion_rt::test]`: parse the options, validate the function, expand.
//!
//! ```text
//!   options --options::parse--> Options --+
//!                                         +--> expand: fn name() { run(async |s| body) }
//!   item ----function::check--> Function -+
//! ```
//!
//! After an error in the options the function is expanded with the default ones; a function that cannot be expanded is
//! kept as it was written (a `main` inside a plain `main`), so that its body is still checked and names still resolve.

mod expand;
mod function;
mod options;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemFn;

use crate::errors::Errors;

/// Which of the two attributes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Main,
    Test,
}

impl Kind {
    /// The attribute as users write it.
    fn name(self) -> &'static str {
        match self {
            Kind::Main => "#[orion_rt::main]",
            Kind::Test => "#[orion_rt::test]",
        }
    }
}

/// Expands one use of the attribute.
pub(crate) fn expand(kind: Kind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Ok(function) = syn::parse2::<ItemFn>(item.clone()) else {
        errors.at(&item, format!("{} goes on an `async fn` with a body", kind.name()));
        let errors = errors.into_items();
        return quote!(#errors #item);
    };
    let options = options::parse(kind, arguments, &mut errors);
    match function::check(kind, &function, &mut errors) {
        Some(argument) => expand::expand(kind, &function, &argument, &options, errors),
        None => expand::fallback(kind, &function, errors),
    }
}

#[cfg(test)]
mod tests;
