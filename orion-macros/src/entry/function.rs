//! What the attributed function has to look like.

use quote::ToTokens;
use syn::{Attribute, FnArg, ItemFn, Pat, PatType, Type};

use super::Kind;
use crate::errors::Errors;

/// The function's argument.
pub(super) enum Argument {
    /// It was left out.
    None,
    /// `s: &Scope`
    Scope(PatType),
}

/// Reports everything that keeps `function` from becoming a closure; `None` if anything does.
pub(super) fn check(kind: Kind, function: &ItemFn, errors: &mut Errors) -> Option<Argument> {
    let mut found = Errors::default();
    qualifiers(kind, function, &mut found);
    let argument = argument(function, &mut found);
    if let Some(attribute) = function.attrs.iter().find(|attribute| kind == Kind::Test && is_test(attribute)) {
        found.at(
            attribute,
            "#[orion_rt::test] adds std's `#[test]` itself: remove this one, or the test would run twice",
        );
    }
    let is_valid = found.is_empty();
    errors.keep(found.finish());
    argument.filter(|_| is_valid)
}

fn qualifiers(kind: Kind, function: &ItemFn, errors: &mut Errors) {
    let (signature, name) = (&function.sig, kind.name());
    if signature.asyncness.is_none() {
        // The name of the attribute may be meant for another.
        let or = if kind == Kind::Test {
            "; std's own, where a glob import hides it, is `#[core::prelude::v1::test]`"
        } else {
            ""
        };
        errors.at(signature.fn_token, format!("{name} needs an `async fn`: write `async` before `fn`{or}"));
    }
    if let Some(word) = &signature.constness {
        errors.at(word, format!("a function with {name} cannot be `const`"));
    }
    if let Some(word) = &signature.unsafety {
        errors.at(word, format!("a function with {name} cannot be `unsafe`"));
    }
    if let Some(abi) = &signature.abi {
        errors.at(abi, format!("a function with {name} cannot have an ABI"));
    }
    if !signature.generics.params.is_empty() {
        let message = format!(
            "a function with {name} cannot be generic: it becomes a closure, so `s: &Scope` needs no lifetimes"
        );
        errors.at(&signature.generics, message);
    } else if let Some(clause) = &signature.generics.where_clause {
        errors.at(clause, format!("a function with {name} cannot have a `where` clause"));
    }
}

fn argument(function: &ItemFn, errors: &mut Errors) -> Option<Argument> {
    let mut inputs = function.sig.inputs.iter();
    let argument = match inputs.next() {
        None => Some(Argument::None),
        Some(FnArg::Receiver(receiver)) => {
            errors.at(receiver, "this is a function, not a method: its one argument is the scope, `s: &Scope`");
            None
        }
        Some(FnArg::Typed(typed)) => scope(typed, errors).then(|| Argument::Scope(typed.clone())),
    };
    if let Some(second) = inputs.next() {
        errors.at(second, "at most one argument, the scope: `s: &Scope`");
    }
    if let Some(variadic) = &function.sig.variadic {
        errors.at(variadic, "at most one argument, the scope: `s: &Scope`");
    }
    argument
}

/// Whether the argument is one shared reference bound to a name.
fn scope(typed: &PatType, errors: &mut Errors) -> bool {
    let message = "the argument is the root scope, passed by reference: `s: &Scope`";
    let before = errors.is_empty();
    let mut refuse = |tokens: &dyn ToTokens, message: &str| errors.at(tokens.to_token_stream(), message);
    match &*typed.pat {
        Pat::Ident(name) if name.subpat.is_none() && name.by_ref.is_none() => {}
        Pat::Wild(_) => {}
        other => refuse(other, "the argument is a plain name: `s: &Scope`"),
    }
    match &*typed.ty {
        Type::Reference(reference) => {
            if let Some(word) = &reference.mutability {
                refuse(word, "the root scope is shared: write `&Scope` without `mut`");
            }
            if let Some(lifetime) = &reference.lifetime {
                refuse(lifetime, "no lifetime here: the function becomes a closure, `s: &Scope` is enough");
            }
            if !matches!(&*reference.elem, Type::Path(_)) {
                refuse(&reference.elem, message);
            }
        }
        other => refuse(other, message),
    }
    before && errors.is_empty()
}

/// Whether this is std's test attribute.
fn is_test(attribute: &Attribute) -> bool {
    let path: Vec<_> = attribute.path().segments.iter().map(|segment| segment.ident.to_string()).collect();
    let path: Vec<_> = path.iter().map(String::as_str).collect();
    matches!(path[..], ["test"] | ["core" | "std", "prelude", _, "test"])
}
