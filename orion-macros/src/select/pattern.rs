//! Patterns of arms: which can refuse a value, and how to ask whether one does without moving the value.
//!
//! A future arm with a refutable pattern has to know whether the output matches before the race is decided, but the
//! bindings belong to the arm's body, which runs later. So the output is matched twice: first *in place* against the
//! pattern with every binding replaced by `_`, which moves nothing, then for good in the body.
//!
//! An identifier alone may be a binding or a constant, and only the compiler knows. By Rust's naming a constant begins
//! with a capital, so those stay. Either guess is checked by the compiler when it is wrong: a capital that is a binding
//! moves the output ("use of moved value", unless it is `Copy`, where it is right anyway), and a lower-case constant meets
//! the declaration that [`bindings`] is for.
//!
//! Rejected: matching by reference (string literals and constants do not match through a reference).

use proc_macro2::Ident;
use syn::{FieldPat, Pat, Token, parse_quote, punctuated::Punctuated};

/// Whether `ident`, standing alone in a pattern, names a constant or a variant.
fn is_constant(ident: &Ident) -> bool {
    let name = ident.to_string();
    name.trim_start_matches("r#").trim_start_matches('_').starts_with(char::is_uppercase)
}

/// Whether `pattern` might not match some value. Paths and structs count: they may be one variant of several.
pub(crate) fn may_refuse(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) | Pat::Rest(_) => false,
        Pat::Ident(ident) => match &ident.subpat {
            Some((_, inner)) => may_refuse(inner),
            None => ident.by_ref.is_none() && ident.mutability.is_none() && is_constant(&ident.ident),
        },
        Pat::Paren(paren) => may_refuse(&paren.pat),
        Pat::Reference(reference) => may_refuse(&reference.pat),
        Pat::Type(typed) => may_refuse(&typed.pat),
        Pat::Tuple(tuple) => tuple.elems.iter().any(may_refuse),
        _ => true,
    }
}

/// The part of `pattern` that certainly refuses some values: a literal, a range, or a variant of std's enums.
pub(crate) fn refusing_part(pattern: &Pat) -> Option<&Pat> {
    const VARIANTS: [&str; 4] = ["Some", "None", "Ok", "Err"];
    let is_variant =
        |path: &syn::Path| path.segments.last().is_some_and(|last| VARIANTS.iter().any(|v| last.ident == v));
    match pattern {
        Pat::Lit(_) | Pat::Range(_) => Some(pattern),
        Pat::Ident(ident) => match &ident.subpat {
            Some((_, inner)) => refusing_part(inner),
            None => (ident.ident == "None").then_some(pattern),
        },
        Pat::Path(path) => is_variant(&path.path).then_some(pattern),
        Pat::TupleStruct(tuple) if is_variant(&tuple.path) => Some(pattern),
        Pat::TupleStruct(tuple) => tuple.elems.iter().find_map(refusing_part),
        Pat::Paren(paren) => refusing_part(&paren.pat),
        Pat::Reference(reference) => refusing_part(&reference.pat),
        Pat::Tuple(tuple) => tuple.elems.iter().find_map(refusing_part),
        Pat::Struct(fields) => fields.fields.iter().find_map(|field| refusing_part(&field.pat)),
        _ => None,
    }
}

/// `pattern` with every binding replaced by `_`, for a match that moves nothing.
pub(crate) fn without_bindings(pattern: &Pat) -> Pat {
    let all = |list: &Punctuated<Pat, Token![,]>| list.iter().map(without_bindings).collect::<Vec<_>>();
    match pattern {
        Pat::Ident(ident) => match &ident.subpat {
            Some((_, inner)) => without_bindings(inner),
            None if ident.by_ref.is_none() && ident.mutability.is_none() && is_constant(&ident.ident) => {
                pattern.clone()
            }
            None => parse_quote!(_),
        },
        Pat::Or(or) => {
            let cases = or.cases.iter().map(without_bindings);
            let open = or.leading_vert;
            Pat::Or(syn::PatOr { attrs: Vec::new(), leading_vert: open, cases: cases.collect() })
        }
        Pat::Paren(paren) => {
            let inner = without_bindings(&paren.pat);
            parse_quote!((#inner))
        }
        Pat::Reference(reference) => {
            let (mutability, inner) = (reference.mutability, without_bindings(&reference.pat));
            parse_quote!(&#mutability #inner)
        }
        Pat::Slice(slice) => {
            let elems = all(&slice.elems);
            parse_quote!([#(#elems),*])
        }
        Pat::Tuple(tuple) => {
            let elems = all(&tuple.elems);
            parse_quote!((#(#elems,)*))
        }
        Pat::TupleStruct(tuple) => {
            let (path, qself) = (tuple.path.clone(), tuple.qself.clone());
            let elems = tuple.elems.iter().map(without_bindings).collect();
            let paren_token = tuple.paren_token;
            Pat::TupleStruct(syn::PatTupleStruct { attrs: Vec::new(), qself, path, paren_token, elems })
        }
        Pat::Struct(fields) => {
            let mut fields = fields.clone();
            fields.fields = fields.fields.iter().map(field_without_bindings).collect();
            Pat::Struct(fields)
        }
        Pat::Type(typed) => without_bindings(&typed.pat),
        other => other.clone(),
    }
}

/// A field's pattern without bindings; `Point { x }` becomes `Point { x: _ }`.
fn field_without_bindings(field: &FieldPat) -> FieldPat {
    let pat = match field.colon_token {
        Some(_) => without_bindings(&field.pat),
        None => parse_quote!(_),
    };
    let colon_token = Some(field.colon_token.unwrap_or_default());
    FieldPat { attrs: Vec::new(), member: field.member.clone(), colon_token, pat: Box::new(pat) }
}

/// The identifiers that [`without_bindings`] took for bindings although a constant might have that name.
pub(crate) fn bindings(pattern: &Pat) -> Vec<Ident> {
    let mut found = Vec::new();
    collect(pattern, &mut found);
    found.sort();
    found.dedup();
    found
}

fn collect(pattern: &Pat, found: &mut Vec<Ident>) {
    match pattern {
        Pat::Ident(ident) => match &ident.subpat {
            Some((_, inner)) => collect(inner, found),
            None if ident.by_ref.is_some() || ident.mutability.is_some() || is_constant(&ident.ident) => {}
            None => found.push(ident.ident.clone()),
        },
        Pat::Or(or) => or.cases.iter().for_each(|case| collect(case, found)),
        Pat::Paren(paren) => collect(&paren.pat, found),
        Pat::Reference(reference) => collect(&reference.pat, found),
        Pat::Slice(slice) => slice.elems.iter().for_each(|elem| collect(elem, found)),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(|elem| collect(elem, found)),
        Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|elem| collect(elem, found)),
        Pat::Struct(fields) => fields.fields.iter().for_each(|field| collect(&field.pat, found)),
        Pat::Type(typed) => collect(&typed.pat, found),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens;
    use syn::parse::Parser;

    fn pattern(source: &str) -> Pat {
        Pat::parse_multi_with_leading_vert.parse_str(source).unwrap()
    }

    #[test]
    fn bindings_become_wildcards_and_constants_stay() {
        for (source, expected) in [
            ("Ok(v)", "Ok(_)"),
            ("None", "None"),
            ("Some(MAX)", "Some(MAX)"),
            ("x @ 1..=5", "1..=5"),
            ("(ref a, mut b, 3)", "(_, _, 3,)"),
            ("[first, .., last]", "[_, .., _]"),
            ("[first, rest @ ..]", "[_, ..]"),
            ("Point { x, y: 0, .. }", "Point { x: _, y: 0, .. }"),
            ("A(x) | B(x)", "A(_) | B(_)"),
            ("&x", "&_"),
            ("\"text\"", "\"text\""),
        ] {
            let expected = pattern(expected).to_token_stream().to_string();
            assert_eq!(without_bindings(&pattern(source)).to_token_stream().to_string(), expected, "{source}");
        }
    }

    #[test]
    fn refutability_is_judged_from_the_outside() {
        for source in ["x", "_", "mut x", "(a, b)", "x @ _", "&x", "(x)", "(a, ..)"] {
            assert!(!may_refuse(&pattern(source)), "{source}");
        }
        for source in ["None", "Ok(x)", "5", "Point { x }", "[a, b]", "A | B", "(a, 5)"] {
            assert!(may_refuse(&pattern(source)), "{source}");
        }
        assert!(refusing_part(&pattern("Point { x: Some(_) }")).is_some());
        assert!(refusing_part(&pattern("Wrapper(x)")).is_none());
    }

    #[test]
    fn names_that_might_be_constants_are_listed_once() {
        let names: Vec<_> = bindings(&pattern("A(x, y) | B(x, ref y, Z)")).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["x", "y"]);
    }
}
