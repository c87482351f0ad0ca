//! Operators people bring from elsewhere, each answered with what to write instead.

use proc_macro2::{Span, TokenTree};
use syn::{Error, Result};

use super::ops::Operator;

/// What an arm looks like, for messages.
const SHAPES: &str = "`v = <-ch`, `<-ch`, `ch <- value`, `pattern = future`, `default` or `else`";

/// Refuses heads in which the wrong operator stands where `=` or `<-` belongs.
pub(crate) fn check(head: &[TokenTree], operators: &[Operator], fat_arrow: Span) -> Result<()> {
    let Some(first) = head.first() else {
        return Err(Error::new(fat_arrow, format!("expected an arm before `=>`: {SHAPES}")));
    };
    let is_word = |token: &TokenTree, word: &str| matches!(token, TokenTree::Ident(ident) if ident == word);
    if is_word(first, "case") && matches!(head.get(1), Some(TokenTree::Ident(_))) {
        return Err(Error::new(first.span(), "`case` is Go's: an arm starts with its pattern, `v = <-ch => ..`"));
    }
    if is_word(first, "let") {
        return Err(Error::new(first.span(), "an arm binds without `let`: `v = <-ch => ..`"));
    }
    if matches!(first, TokenTree::Punct(hash) if hash.as_char() == '#') {
        let message = "an arm takes no attributes: for a lint put it on a statement in the body, for `cfg` on the whole `select!`, or use \
                       a guard, `, if cfg!(..)`";
        return Err(Error::new(first.span(), message));
    }
    guard_without_comma(head)?;
    for (position, operator) in operators.iter().enumerate() {
        let span = head[operator.index].span();
        match operator.text.as_str() {
            "=" => return comma_in_pattern(head, &operators[..position]),
            ":=" => return Err(Error::new(span, "`:=` is Go's: a binding here is `v = <-ch`")),
            "<-" => return before_arrow(head, operators, position),
            _ => {}
        }
    }
    Ok(())
}

/// `v = <-ch if open`, as in a `match`. An `if` that begins an expression stands behind an operator or a keyword.
fn guard_without_comma(head: &[TokenTree]) -> Result<()> {
    const KEYWORDS: [&str; 9] = ["if", "else", "return", "break", "match", "while", "in", "mut", "const"];
    let ends_an_operand = |token: &TokenTree| match token {
        TokenTree::Ident(word) => !KEYWORDS.iter().any(|keyword| word == keyword),
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Group(_) | TokenTree::Literal(_) => true,
    };
    let is_label =
        |index: usize| index > 0 && matches!(&head[index - 1], TokenTree::Punct(quote) if quote.as_char() == '\'');
    for (index, pair) in head.windows(2).enumerate() {
        if matches!(&pair[1], TokenTree::Ident(word) if word == "if") && ends_an_operand(&pair[0]) && !is_label(index) {
            return Err(Error::new(pair[1].span(), "a guard stands behind a comma: `v = <-ch, if condition => ..`"));
        }
    }
    Ok(())
}

/// Go's `v, ok = <-ch`.
fn comma_in_pattern(head: &[TokenTree], before: &[Operator]) -> Result<()> {
    match before.iter().find(|operator| operator.text == ",") {
        Some(comma) => {
            let message = "one pattern only: `v = <-ch` gives an `Option`, which is `None` once the channel is closed and drained";
            Err(Error::new(head[comma.index].span(), message))
        }
        None => Ok(()),
    }
}

/// `v == <-ch`, `v += <-ch`, `v: <-ch`: an operator right before the arrow leaves no channel to send to.
fn before_arrow(head: &[TokenTree], operators: &[Operator], position: usize) -> Result<()> {
    let arrow = &operators[position];
    let Some(last) = position.checked_sub(1).map(|previous| &operators[previous]) else { return Ok(()) };
    if last.end() != arrow.index || matches!(last.text.as_str(), "?" | ">") {
        return Ok(());
    }
    let message = format!("wrong operator `{}`: to receive write `v = <-ch`, to send write `ch <- value`", last.text);
    Err(Error::new(head[last.index].span(), message))
}

/// Refuses what stands to the right of `pattern =` if it begins with an operator that is almost an arrow.
pub(crate) fn check_right(right: &[TokenTree], operators: &[Operator], equals: Span) -> Result<()> {
    let Some(first) = operators.first().filter(|first| first.index == 0) else { return Ok(()) };
    let span = right.first().map_or(equals, TokenTree::span);
    match first.text.as_str() {
        "->" | "<<" | "<=" | ">>" | "<<=" => {
            Err(Error::new(span, format!("wrong operator `{}`: to receive write `v = <-ch`", first.text)))
        }
        "<" if is_split_arrow(first, operators.get(1)) => {
            Err(Error::new(span, "write the arrow without a space: `<-`"))
        }
        _ => Ok(()),
    }
}

fn is_split_arrow(left: &Operator, next: Option<&Operator>) -> bool {
    left.text == "<" && next.is_some_and(|next| next.index == left.end() && matches!(next.text.as_str(), "-" | "->"))
}

/// Refuses a receive as the value of a send.
pub(crate) fn check_value(value: &[TokenTree]) -> Result<()> {
    let operators = super::ops::operators(value);
    match operators.first().filter(|first| first.index == 0 && first.text == "<-") {
        Some(_) => {
            let message = "the value to send is an expression: receive it first, with `ch.recv().await`";
            Err(Error::new(value[0].span(), message))
        }
        None => Ok(()),
    }
}

/// The error for a head that has neither `=` nor `<-`.
pub(crate) fn no_operator(head: &[TokenTree], operators: &[Operator], fat_arrow: Span) -> Error {
    for (position, operator) in operators.iter().enumerate() {
        let span = head[operator.index].span();
        if is_split_arrow(operator, operators.get(position + 1)) {
            return Error::new(span, "write the arrow without a space: `<-`");
        }
        let text = operator.text.as_str();
        match text {
            "->" if operator.index == 0 => return Error::new(span, "wrong operator `->`: to receive write `<-ch`"),
            "->" | "<<" | ">>" | "<=" | ">=" | "<<=" => {
                return Error::new(span, format!("wrong operator `{text}`: to send write `ch <- value`"));
            }
            "==" | "!=" | "+=" | "-=" | ":" => {
                let message =
                    format!("wrong operator `{text}`: to receive write `v = <-ch`, to await write `v = future`");
                return Error::new(span, message);
            }
            _ => {}
        }
    }
    match head {
        [TokenTree::Ident(word), ..] if word == "default" || word == "else" => {
            Error::new(word.span(), format!("`{word}` stands alone: `{word} => ..`"))
        }
        [TokenTree::Ident(word)] if word == "complete" => {
            Error::new(word.span(), "`complete` is of the futures crate: write `else` (every arm is out)")
        }
        [TokenTree::Ident(word)] if word == "_" => Error::new(
            word.span(),
            "`_` is no arm: write `default` (nothing is ready now) or `else` (every arm is out)",
        ),
        [first, ..] => {
            let message = format!(
                "this arm has no operator: an arm is {SHAPES}; to await a future and ignore its output write `_ = future`"
            );
            Error::new(first.span(), message)
        }
        [] => Error::new(fat_arrow, format!("expected an arm before `=>`: {SHAPES}")),
    }
}
