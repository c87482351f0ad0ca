//! The function that calls the runtime.
//!
//! ```text
//!   async fn t(s: &Scope) -> R { body }
//!
//!   #[::core::prelude::v1::test]
//!   fn t() -> R {
//!       const _: () = { .. };                    the argument's type, so that its import is used and is what it says
//!       ::orion_rt::run(async |scope| -> R {
//!           let value = (async move || -> R { let s = scope; body })().await;      `?` and `return` end here
//!           if is_failure(&value) { scope.cancel() }                               an `Err` cancels the rest (R7)
//!           value
//!       })
//!   }
//! ```
//!
//! The closure's argument has no type: it is the runtime's, `Local` or `Multi`, and needs no lifetimes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ItemFn, ReturnType, Type};

use super::Kind;
use super::function::Argument;
use super::options::Options;
use crate::errors::Errors;

/// The expansion; errors, if any, are of the options only.
pub(super) fn expand(
    kind: Kind,
    function: &ItemFn,
    argument: &Argument,
    options: &Options,
    errors: Errors,
) -> TokenStream {
    let ItemFn { attrs, vis, sig, .. } = function;
    let (name, output, errors) = (&sig.ident, &sig.output, errors.into_items());
    let test = (kind == Kind::Test).then(|| quote!(#[::core::prelude::v1::test]));
    let check = check_type(argument);
    let body = body(function, argument);
    let run = run(name, &body, options);
    quote! {
        #(#attrs)*
        #test
        #vis fn #name() #output {
            #errors
            #check
            #run
        }
    }
}

/// What stands in for a function that cannot be expanded: itself, not run.
pub(super) fn fallback(kind: Kind, function: &ItemFn, errors: Errors) -> TokenStream {
    let errors = errors.into_items();
    if kind == Kind::Main && function.sig.ident == "main" && function.sig.asyncness.is_some() {
        return quote! {
            #errors
            fn main() {
                #[allow(dead_code)]
                #function
            }
        };
    }
    quote!(#errors #[allow(dead_code)] #function)
}

/// A local of the expansion.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// A proof, never run, that the argument's type is a reference to orion-rt's `Scope`.
fn check_type(argument: &Argument) -> Option<TokenStream> {
    let Argument::Scope(typed) = argument else { return None };
    let (of_type, argument) = (&typed.ty, Ident::new("__scope", Span::mixed_site().located_at(typed.ty.span())));
    Some(quote! {
        const _: () = {
            #[allow(dead_code)]
            fn __argument(#argument: #of_type) {
                let _: &::orion_rt::Scope<'_, '_, _> = #argument;
            }
        };
    })
}

/// The closure that is the root's body.
fn body(function: &ItemFn, argument: &Argument) -> TokenStream {
    let (block, scope) = (&function.block, local("__scope"));
    let bound = match argument {
        Argument::None => None,
        Argument::Scope(typed) => {
            let (attributes, pattern) = (&typed.attrs, &typed.pat);
            Some(quote!(#(#attributes)* let #pattern = #scope;))
        }
    };
    let statements = &block.stmts;
    let ReturnType::Type(arrow, returned) = &function.sig.output else {
        return quote!(async |#scope| { let _ = #scope; #bound #(#statements)* });
    };
    // A closure cannot name an `impl Trait` it returns; there the type is inferred.
    let annotation = (!has_impl(returned)).then(|| quote!(#arrow #returned));
    let value = local("__value");
    let is_failure = is_failure(&value);
    quote! {
        async |#scope| #annotation {
            let #value = (async move || #annotation { let _ = #scope; #bound #(#statements)* })().await;
            if #is_failure {
                #scope.cancel();
            }
            #value
        }
    }
}

/// Whether `impl` stands anywhere in a type.
fn has_impl(returned: &Type) -> bool {
    fn search(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            proc_macro2::TokenTree::Ident(word) => word == "impl",
            proc_macro2::TokenTree::Group(group) => search(group.stream()),
            _ => false,
        })
    }
    search(quote!(#returned))
}

/// An expression: whether `value` is an `Err`. Any type is accepted, by two traits of which the nearer one is found.
fn is_failure(value: &Ident) -> TokenStream {
    quote! {{
        #[allow(unused_imports)]
        use ::orion_rt::__private::outcome::{IsFailure as _, NoFailure as _};
        (&::orion_rt::__private::outcome::Outcome(&#value)).is_failure()
    }}
}

/// The call that runs `body` on the runtime that the options ask for.
fn run(name: &Ident, body: &TokenStream, options: &Options) -> TokenStream {
    let started = |span: Span, builder: TokenStream, build: TokenStream| quote_spanned!(span=> ::orion_rt::__private::outcome::started(::orion_rt::Runtime::builder() #builder #build));
    let span = Span::mixed_site();
    let workers = options.workers.as_ref().map(|workers| quote!(.workers(#workers)));
    let build = if workers.is_some() { quote!(.build()) } else { quote!(.build_local()) };
    let Some(seeds) = &options.seeds else {
        let Some(workers) = workers else { return quote!(::orion_rt::run(#body)) };
        let runtime = started(span, workers, build);
        return quote!(#runtime.run(#body));
    };
    let (seed, value) = (local("__seed"), local("__value"));
    let runtime = started(span, quote!(#workers.seed(#seed)), build);
    let is_failure = is_failure(&value);
    quote! {
        ::orion_rt::__private::outcome::sweep(
            ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#name)),
            #seeds,
            |#seed: u64| {
                let #value = #runtime.run(#body);
                let failed = #is_failure;
                (#value, failed)
            },
        )
    }
}
