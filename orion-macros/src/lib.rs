//! The macros of orion-rt, re-exported there: `select!`, `#[orion_rt::main]` and `#[orion_rt::test]`.
//!
//! Each is parsed, validated and expanded in files of its own, reports every error at its token, and after an error still
//! expands to something that lets the compiler check the rest of the program.

#![forbid(unsafe_code)]

mod entry;
mod errors;
mod select;

use proc_macro::TokenStream;

#[doc = include_str!("../docs/select.md")]
#[proc_macro]
pub fn select(input: TokenStream) -> TokenStream {
    select::expand(input.into()).into()
}

#[doc = include_str!("../docs/main.md")]
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(entry::Kind::Main, arguments.into(), item.into()).into()
}

#[doc = include_str!("../docs/test.md")]
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(entry::Kind::Test, arguments.into(), item.into()).into()
}
