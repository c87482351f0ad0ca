//! The options in the attribute's parentheses.

use proc_macro2::{Ident, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, ExprLit, ExprRange, Lit, Result, Token, UnOp};

use super::Kind;
use crate::errors::Errors;

/// What the attribute was given.
#[derive(Default)]
pub(super) struct Options {
    /// `workers = n`: a `Runtime` with that many.
    pub(super) workers: Option<Expr>,
    /// `seeds = a..b`: one run for each.
    pub(super) seeds: Option<ExprRange>,
    /// `deterministic`: reproducible order and a virtual clock.
    pub(super) deterministic: bool,
}

impl Options {
    /// Whether tasks run on workers, so that they have to be `Send`.
    pub(super) fn is_multi(&self) -> bool {
        self.workers.is_some() && !self.deterministic
    }
}

/// One option as written: `name` or `name = value`.
struct Written {
    name: Ident,
    value: Option<Expr>,
}

/// Reads all options; a wrong one is reported and left out.
pub(super) fn parse(kind: Kind, arguments: TokenStream, errors: &mut Errors) -> Options {
    let mut options = Options::default();
    let written = errors.keep(list.parse2(arguments)).unwrap_or_default();
    let mut seen: Vec<Ident> = Vec::new();
    let (mut seeds_name, mut deterministic_name) = (None, None);
    for option in written {
        if seen.contains(&option.name) {
            errors.at(&option.name, format!("`{}` is given twice", option.name));
            continue;
        }
        seen.push(option.name.clone());
        let name = option.name.clone();
        match (name.to_string().as_str(), kind) {
            ("workers", _) => options.workers = errors.keep(workers(option)),
            ("seeds", Kind::Test) => {
                options.seeds = errors.keep(seeds(option));
                seeds_name = Some(name);
            }
            ("deterministic", Kind::Test) => {
                options.deterministic = errors.keep(deterministic(option)).is_some();
                deterministic_name = Some(name);
            }
            _ => errors.push(unknown(kind, &name)),
        }
    }
    let several_workers = options.workers.as_ref().is_some_and(|workers| literal(workers) != Some(1));
    if let (Some(name), true, true) = (deterministic_name, options.deterministic, several_workers) {
        let message = "`deterministic` needs one worker, because several run in an order that cannot be reproduced: \
                       set `workers = 1` or leave `workers` out";
        errors.at(name, message);
        options.deterministic = false;
    }
    if let (Some(name), Some(_), true) = (seeds_name, &options.seeds, several_workers) {
        let message = "`seeds` needs one worker, because several run in an order that no seed decides: \
                       set `workers = 1` or leave `workers` out";
        errors.at(name, message);
        options.seeds = None;
    }
    options
}

fn list(input: ParseStream<'_>) -> Result<Vec<Written>> {
    let mut written = Vec::new();
    while !input.is_empty() {
        let name: Ident = input.parse()?;
        let value = match input.peek(Token![=]) {
            true => {
                input.parse::<Token![=]>()?;
                Some(input.parse()?)
            }
            false => None,
        };
        written.push(Written { name, value });
        if input.is_empty() {
            break;
        }
        if !input.peek(Token![,]) {
            return Err(input.error("expected `,` or the end: an option is `name = value`, such as `workers = 4`"));
        }
        input.parse::<Token![,]>()?;
    }
    Ok(written)
}

/// The error for a name that is no option here, with the one that was probably meant.
fn unknown(kind: Kind, name: &Ident) -> Error {
    let text = name.to_string();
    let options = match kind {
        Kind::Main => "`workers = n`",
        Kind::Test => "`workers = n`, `seeds = a..b` and `deterministic`",
    };
    let message = match text.as_str() {
        "deterministic" => {
            "`deterministic` is an option of #[orion_rt::test]: a program runs by the system's clock; for a \
                            reproducible run of a part of it use `Runtime::builder().deterministic(true).build_local()`"
                .to_owned()
        }
        "seeds" => "`seeds` is an option of #[orion_rt::test]: a program runs once".to_owned(),
        "worker_threads" | "threads" | "flavor" => {
            format!(
                "unknown option `{text}`: write `workers = n` for n threads, and nothing to run on the calling thread"
            )
        }
        "seed" => "unknown option `seed`: write `seeds = n..n + 1` for one seed".to_owned(),
        _ => format!("unknown option `{text}`: {} takes {options}", kind.name()),
    };
    Error::new_spanned(name, message)
}

/// The value of an integer literal.
fn literal(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

fn workers(option: Written) -> Result<Expr> {
    let Some(value) = option.value else {
        return Err(Error::new_spanned(option.name, "`workers` takes a number: `workers = 4`"));
    };
    match &value {
        Expr::Lit(ExprLit { lit: Lit::Int(_), .. }) if literal(&value) == Some(0) => {
            let message = "`workers` must be at least 1: leave `workers` out to run everything on the calling thread";
            Err(Error::new_spanned(value, message))
        }
        Expr::Lit(ExprLit { lit: Lit::Int(_), .. }) => Ok(value),
        Expr::Lit(_) => Err(Error::new_spanned(value, "`workers` takes a number: `workers = 4`")),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            Err(Error::new_spanned(value, "`workers` must be at least 1"))
        }
        Expr::Range(_) => Err(Error::new_spanned(value, "`workers` takes one number: `workers = 4`")),
        _ => Ok(value),
    }
}

fn deterministic(option: Written) -> Result<()> {
    let Some(value) = option.value else { return Ok(()) };
    Err(Error::new_spanned(value, "`deterministic` takes no value: write `deterministic`, or leave it out"))
}

fn seeds(option: Written) -> Result<ExprRange> {
    let example = "`seeds` takes a range with both ends: `seeds = 0..500`";
    let Some(value) = option.value else { return Err(Error::new_spanned(option.name, example)) };
    let Expr::Range(range) = value else { return Err(Error::new_spanned(value, example)) };
    let (Some(start), Some(end)) = (&range.start, &range.end) else { return Err(Error::new_spanned(range, example)) };
    if let (Some(start), Some(end)) = (literal(start), literal(end)) {
        let is_empty = match range.limits {
            syn::RangeLimits::HalfOpen(_) => start >= end,
            syn::RangeLimits::Closed(_) => start > end,
        };
        if is_empty {
            return Err(Error::new_spanned(&range, "`seeds` is an empty range: the test would run nothing"));
        }
    }
    Ok(range)
}
