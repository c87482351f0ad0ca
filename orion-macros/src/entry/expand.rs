//! The function that calls the runtime.
//!
//! ```text
//!   async fn t(s: &Scope) -> R { body }
//!
//!   const _: () = { .. };                             the argument's type: its import is used, and it is what it says
//!   #[::core::prelude::v1::test]
//!   fn t() -> R {
//!       async fn t<'scope, 'env>(s: &'scope Scope<'scope, 'env, Local>) -> R { body }
//!       ::orion_rt::run(async |scope| {                   a test has a runtime of its own, whose deadlocks fail it
//!           let value = t(scope).await;
//!           if is_failure(&value) { scope.cancel() }  an `Err` cancels the rest (R7)
//!           value
//!       })
//!   }
//! ```
//!
//! Errors and the argument's proof stand outside the function, because `cargo check` does not look into tests.
//!
//! Rejected: the body as an async closure (a returned value of the wrong type is reported at the attribute, and a
//! closure cannot return a named `impl Trait`).

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{FnArg, ItemFn, Lifetime, ReturnType, Type, TypeImplTrait, TypeParamBound, parse_quote};

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
    let body = body(function, argument, options);
    let run = run(kind, function, argument, options);
    let run = match returns_never(output) {
        false => run,
        true => {
            let never = local("__never");
            quote! {
                #[allow(unreachable_code)]
                let #never: ::core::convert::Infallible = #run;
                match #never {}
            }
        }
    };
    quote! {
        #errors
        #check
        #(#attrs)*
        #test
        #vis fn #name() #output {
            #body
            #run
        }
    }
}

/// What stands in for a function that cannot be expanded: its body, checked but not run.
pub(super) fn fallback(kind: Kind, function: &ItemFn, errors: Errors) -> TokenStream {
    let (errors, signature, block) = (errors.into_items(), &function.sig, &function.block);
    let is_method = signature.inputs.iter().any(|input| matches!(input, FnArg::Receiver(_)));
    let (name, inputs, output) = (&signature.ident, &signature.inputs, &signature.output);
    let (generics, clause) = (&signature.generics, &signature.generics.where_clause);
    let unused = quote!(#[allow(dead_code, unused_variables)]);
    let body = match signature.asyncness {
        _ if is_method => TokenStream::new(),
        None => quote!(#unused fn #name #generics (#inputs) #output #clause #block),
        // `async fn` does not take `&Scope` without lifetimes, `fn` does.
        Some(_) => quote!(#unused fn #name #generics (#inputs) #clause { let _ = async move || #output #block; }),
    };
    match kind == Kind::Main && name == "main" {
        true => quote!(#errors fn main() { #body }),
        false => quote!(#errors #body),
    }
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
            // `&Scope` is what the documentation says, also to those who want `Scope<'_, '_>` elsewhere.
            #[allow(dead_code, elided_lifetimes_in_paths)]
            fn __argument(#argument: #of_type) {
                let _: &::orion_rt::Scope<'_, '_, _> = #argument;
            }
        };
    })
}

/// Whether the function returns `!`. As a type of a root's value that is not stable yet: `Infallible` stands in for it.
fn returns_never(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, of_type) if matches!(**of_type, Type::Never(_)))
}

/// The body as a function that names the lifetimes and the kind of its scope.
fn body(function: &ItemFn, argument: &Argument, options: &Options) -> TokenStream {
    let ItemFn { sig, block, .. } = function;
    let name = &sig.ident;
    let output = match returns_never(&sig.output) {
        false => without_captures(&sig.output).into_token_stream(),
        true => quote!(-> ::core::convert::Infallible),
    };
    let Argument::Scope(typed) = argument else { return quote!(async fn #name() #output #block) };
    let (attributes, pattern) = (&typed.attrs, &typed.pat);
    let kind = if options.is_multi() { quote!(Multi) } else { quote!(Local) };
    let lifetime = |name| Lifetime::new(name, Span::mixed_site());
    let (scope, env) = (lifetime("'scope"), lifetime("'env"));
    quote! {
        async fn #name<#scope, #env>(
            #(#attributes)* #pattern: &#scope ::orion_rt::Scope<#scope, #env, ::orion_rt::#kind>
        ) #output #block
    }
}

/// `output` with `use<>` added to each `impl Trait`, which would otherwise capture the scope's lifetimes.
fn without_captures(output: &ReturnType) -> ReturnType {
    struct Capture;

    impl VisitMut for Capture {
        fn visit_type_impl_trait_mut(&mut self, node: &mut TypeImplTrait) {
            if !node.bounds.iter().any(|bound| matches!(bound, TypeParamBound::PreciseCapture(_))) {
                node.bounds.push(parse_quote!(use<>));
            }
            visit_mut::visit_type_impl_trait_mut(self, node);
        }
    }

    let mut output = output.clone();
    Capture.visit_return_type_mut(&mut output);
    output
}

/// The closure that is the root's body.
fn root(function: &ItemFn, argument: &Argument) -> TokenStream {
    let (name, scope, value) = (&function.sig.ident, local("__scope"), local("__value"));
    let call = match argument {
        Argument::None => quote!(#name().await),
        Argument::Scope(_) => quote!(#name(#scope).await),
    };
    if matches!(function.sig.output, ReturnType::Default) || returns_never(&function.sig.output) {
        return quote!(async |#scope| {
            let _ = #scope;
            #call
        });
    }
    let is_failure = is_failure(&value);
    quote! {
        async |#scope| {
            let #value = #call;
            if #is_failure {
                #scope.cancel();
            }
            #value
        }
    }
}

/// An expression: whether `value` is an `Err`. Any type is accepted, by two traits of which the nearer one is found.
fn is_failure(value: &Ident) -> TokenStream {
    quote! {{
        #[allow(unused_imports)]
        use ::orion_rt::__private::outcome::{IsFailure as _, NoFailure as _};
        (&::orion_rt::__private::outcome::Outcome(&#value)).is_failure()
    }}
}

/// The call that runs the root on the runtime that the options ask for.
fn run(kind: Kind, function: &ItemFn, argument: &Argument, options: &Options) -> TokenStream {
    let (name, root) = (&function.sig.ident, root(function, argument));
    let workers = options.workers.as_ref().map(|workers| quote!(.workers(#workers)));
    let deterministic = options.deterministic.then(|| quote!(.deterministic(true)));
    // A test that hangs says nothing (D2).
    let deadlock = (kind == Kind::Test).then(|| quote!(.deadlock(::orion_rt::DeadlockPolicy::Panic)));
    let build = if options.is_multi() { quote!(.build()) } else { quote!(.build_local()) };
    let started = |settings: TokenStream| quote!(::orion_rt::__private::outcome::started(::orion_rt::Runtime::builder() #settings #build));
    let Some(seeds) = &options.seeds else {
        if workers.is_none() && deterministic.is_none() && deadlock.is_none() {
            return quote!(::orion_rt::run(#root));
        }
        let runtime = started(quote!(#workers #deterministic #deadlock));
        return quote!(#runtime.run(#root));
    };
    let (seed, value, failed) = (local("__seed"), local("__value"), local("__failed"));
    let runtime = started(quote!(#workers #deterministic #deadlock .seed(#seed)));
    let is_failure = is_failure(&value);
    quote! {
        ::orion_rt::__private::outcome::sweep(
            ::core::option_env!("CARGO_PKG_NAME"),
            ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#name)),
            #seeds,
            |#seed: u64| {
                let #value = #runtime.run(#root);
                let #failed = #is_failure;
                (#value, #failed)
            },
        )
    }
}
