//! From tokens to [`Select`]: splitting the invocation into arms, and each arm's head into operator and operands.
//!
//! An arm is cut out first (everything to its `=>`, then a body as in a match arm), so an error in one head does not hide
//! the errors of the others.

use proc_macro2::{Delimiter, Spacing, Span, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Error, Expr, Pat, Result, Token};

use super::ast::{Arm, Binding, Operation, Payload, RawArm, Select};
use super::ops::{self, Operator};
use super::wrong;
use crate::errors::Errors;

/// Arms as they stand in the source, and whether `biased;` came first.
pub(crate) struct RawSelect {
    pub(crate) biased: bool,
    pub(crate) arms: Vec<RawArm>,
}

impl Parse for RawSelect {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let biased = parse_biased(input)?;
        let mut arms = Vec::new();
        while !input.is_empty() {
            arms.push(parse_arm(input)?);
        }
        Ok(Self { biased, arms })
    }
}

fn parse_biased(input: ParseStream<'_>) -> Result<bool> {
    let ahead = input.fork();
    let is_biased = ahead.parse::<syn::Ident>().is_ok_and(|word| word == "biased");
    if !is_biased {
        return Ok(false);
    }
    if ahead.peek(Token![;]) {
        input.parse::<syn::Ident>()?;
        input.parse::<Token![;]>()?;
        return Ok(true);
    }
    // No operator: it is not a channel or a pattern of that name.
    if ahead.peek(Token![,]) || ahead.peek(syn::Ident) || ahead.peek(Token![_]) {
        return Err(ahead.error("`biased` ends with a semicolon: `biased;`"));
    }
    Ok(false)
}

fn parse_arm(input: ParseStream<'_>) -> Result<RawArm> {
    let mut head = Vec::new();
    while !input.peek(Token![=>]) {
        if input.is_empty() {
            let last = head.last().map_or_else(Span::call_site, TokenTree::span);
            // A wrong operator says more than what is missing because of it.
            wrong::check(&head, &ops::operators(&head), last)?;
            return Err(Error::new(last, "this arm has no body: expected `=> ..` after it"));
        }
        head.push(input.parse::<TokenTree>()?);
    }
    let fat: Token![=>] = input.parse()?;
    let arrow = fat.spans[0];
    if input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new(arrow, "expected the arm's body after `=>`; an empty body is `{}`"));
    }
    let body = Expr::parse_with_earlier_boundary_rule(input)?;
    if input.peek(Token![,]) {
        input.parse::<Token![,]>()?;
    } else if input.peek(Token![;]) {
        return Err(input.error("arms are separated by commas, as in a `match`"));
    } else if !input.is_empty() && !is_block_like(&body) {
        return Err(input.error("expected `,` between this arm and the one before it"));
    }
    let (head, guard) = ops::split_guard(head);
    Ok(RawArm { head, guard, arrow, body })
}

/// Whether a match arm with this body may do without a comma.
fn is_block_like(body: &Expr) -> bool {
    match body {
        // `$body` of a `macro_rules!`.
        Expr::Group(group) => is_block_like(&group.expr),
        Expr::Block(_)
        | Expr::Unsafe(_)
        | Expr::Const(_)
        | Expr::If(_)
        | Expr::Match(_)
        | Expr::While(_)
        | Expr::Loop(_)
        | Expr::ForLoop(_) => true,
        _ => false,
    }
}

/// Understands every arm. Errors of one arm do not keep the others from being read.
pub(crate) fn select(raw: RawSelect, errors: &mut Errors) -> Select {
    let mut select = Select { biased: raw.biased, arms: Vec::new(), default: None, otherwise: None };
    for raw in raw.arms {
        match keyword(&raw.head) {
            Some(word) => fallback_arm(&word.to_string(), word.span(), raw, &mut select, errors),
            None => {
                let arm = arm(raw);
                select.arms.extend(errors.keep(arm));
            }
        }
    }
    select
}

/// `default` or `else`, if that is the whole head.
fn keyword(head: &[TokenTree]) -> Option<&proc_macro2::Ident> {
    match head {
        [TokenTree::Ident(word)] if word == "default" || word == "else" => Some(word),
        _ => None,
    }
}

/// Records `default => ..` or `else => ..`.
fn fallback_arm(word: &str, span: Span, raw: RawArm, select: &mut Select, errors: &mut Errors) {
    if let Some(guard) = &raw.guard {
        let tokens: TokenStream = guard.iter().cloned().collect();
        let instead =
            if word == "default" { "it is taken when nothing is ready" } else { "it is taken when no arm is left" };
        errors.at(tokens, format!("`{word}` cannot have a guard: {instead}; put the condition into its body"));
    }
    let place = if word == "default" { &mut select.default } else { &mut select.otherwise };
    if place.is_some() {
        errors.push(Error::new(span, format!("a second `{word}`: a select has at most one")));
        return;
    }
    *place = Some(raw.body);
    if select.default.is_some() && select.otherwise.is_some() {
        let message = "`default` with `else`: `default` is also taken when every arm is out, so `else` could never run; remove one";
        errors.push(Error::new(span, message));
    }
}

fn arm(raw: RawArm) -> Result<Arm> {
    let operation = operation(&raw.head, raw.arrow)?;
    let guard = match raw.guard {
        Some(tokens) if tokens.is_empty() => return Err(Error::new(raw.arrow, "expected a condition after `if`")),
        Some(tokens) => Some(condition(&tokens)?),
        None => None,
    };
    Ok(Arm { operation, guard, body: raw.body })
}

/// A guard: a plain expression, which binds nothing.
fn condition(tokens: &[TokenTree]) -> Result<Expr> {
    if let Some(word) = tokens.iter().find(|token| matches!(token, TokenTree::Ident(word) if word == "let")) {
        let message = "a guard is a condition without `let`: write `matches!(value, pattern)`, or `.is_some()`";
        return Err(Error::new(word.span(), message));
    }
    parse_in(Expr::parse, tokens)
}

fn operation(head: &[TokenTree], fat_arrow: Span) -> Result<Operation> {
    let operators = ops::operators(head);
    wrong::check(head, &operators, fat_arrow)?;
    let decisive = operators.iter().find(|operator| operator.text == "=" || operator.text == "<-");
    let Some(decisive) = decisive else { return Err(wrong::no_operator(head, &operators, fat_arrow)) };
    if decisive.text == "<-" {
        return communication(None, head, decisive);
    }
    let pattern = parse_pattern(&head[..decisive.index], head[decisive.index].span())?;
    let right = &head[decisive.end()..];
    let operators = ops::operators(right);
    wrong::check_right(right, &operators, head[decisive.index].span())?;
    match operators.iter().find(|operator| operator.text == "<-") {
        Some(arrow) => communication(Some(pattern), right, arrow),
        None => {
            let future = parse_operand(right, head[decisive.index].span(), "a future")?;
            Ok(Operation::Future { pattern, future })
        }
    }
}

/// A receive if nothing stands before the arrow, else a send.
fn communication(pattern: Option<Pat>, tokens: &[TokenTree], arrow: &Operator) -> Result<Operation> {
    let (before, after) = (&tokens[..arrow.index], &tokens[arrow.end()..]);
    let span = tokens[arrow.index].span();
    if before.is_empty() {
        let chan = parse_operand(after, span, "a channel")?;
        let binding = pattern.map_or(Ok(Binding::Nothing), binding)?;
        return Ok(Operation::Receive { binding, chan });
    }
    let chan = parse_operand(before, span, "a channel")?;
    wrong::check_value(after)?;
    let value = match takes_place(after) {
        true => Payload::Take(parse_operand(&after[1..], after[0].span(), "a place of type `Option`")?),
        false => Payload::Value(parse_operand(after, span, "a value to send")?),
    };
    if let Some(part) = pattern.as_ref().and_then(super::pattern::refusing_part) {
        return Err(Error::new_spanned(
            part,
            "this pattern does not match every result of a send: bind it (`r = ..`) and match in the body",
        ));
    }
    Ok(Operation::Send { result: pattern, chan, arrow: span, value })
}

/// What the pattern of a receive binds: the `Option`, or with `Some(..)` what is in it.
fn binding(pattern: Pat) -> Result<Binding> {
    if let Pat::TupleStruct(tuple) = &pattern
        && tuple.path.segments.last().is_some_and(|last| last.ident == "Some")
        && tuple.elems.len() == 1
    {
        let inner = tuple.elems[0].clone();
        if let Some(part) = super::pattern::refusing_part(&inner) {
            let message = "a refutable pattern inside `Some(..)`: the value would be received and lost; bind it and match in the body";
            return Err(Error::new_spanned(part, message));
        }
        return Ok(Binding::Value(inner));
    }
    match &pattern {
        Pat::Wild(_) => Ok(Binding::Whole(pattern)),
        Pat::Ident(ident) if ident.subpat.is_none() && ident.ident != "None" => Ok(Binding::Whole(pattern)),
        _ => {
            let message = "a receive gives an `Option`: write `v = <-ch` for the `Option` or `Some(pattern) = <-ch` for the value in it, \
                           and match anything else in the body";
            Err(Error::new_spanned(&pattern, message))
        }
    }
}

/// Whether the tokens after the arrow are `take place`. `take(x)`, `take::<T>(x)` and `take.x` are expressions.
fn takes_place(tokens: &[TokenTree]) -> bool {
    let [TokenTree::Ident(word), next, ..] = tokens else { return false };
    if word != "take" {
        return false;
    }
    match next {
        TokenTree::Ident(next) => next != "as",
        TokenTree::Punct(next) => next.as_char() == '*' && next.spacing() == Spacing::Alone,
        // `$slot` of a `macro_rules!`.
        TokenTree::Group(next) => next.delimiter() == Delimiter::None,
        TokenTree::Literal(_) => false,
    }
}

fn parse_pattern(tokens: &[TokenTree], equals: Span) -> Result<Pat> {
    if tokens.is_empty() {
        return Err(Error::new(equals, "expected a pattern before `=`"));
    }
    parse_in(Pat::parse_multi_with_leading_vert, tokens)
}

fn parse_operand(tokens: &[TokenTree], operator: Span, what: &str) -> Result<Expr> {
    if tokens.is_empty() {
        return Err(Error::new(operator, format!("expected {what} here")));
    }
    parse_in(Expr::parse, tokens)
}

/// Runs `parser` over `tokens`; an error at their end is reported at the last of them, not at the whole macro.
fn parse_in<T>(parser: impl Parser<Output = T>, tokens: &[TokenTree]) -> Result<T> {
    let stream: TokenStream = tokens.iter().cloned().collect();
    parser.parse2(stream).map_err(|error| {
        let message = error.to_string();
        match (message.strip_prefix("unexpected end of input"), tokens.last()) {
            (Some(rest), Some(last)) => Error::new(last.span(), format!("unexpected end of this arm{rest}")),
            _ => error,
        }
    })
}
