//! Finding the operators of an arm's head among its tokens.
//!
//! A head is read as tokens before it is read as Rust, because Rust reads `ch <- value` as the comparison `ch < -value`.
//! Punctuation that stands together is joined here the way Rust's own lexer joins it, with `<-` and `:=` added.
//!
//! ```text
//!   v = <-jobs, if open        v  =  <-  jobs  ,  if  open
//!   tokens ------------------> operators: (1, `=`) (2, `<-`)      guard: after `, if`
//! ```
//!
//! Invariants
//! 1. An arrow is a `<` joined to the `-` after it: `a < -b` is a comparison.
//! 2. Nothing inside brackets, braces, parentheses or a turbofish counts, so `f::<-1>()` has no arrow.

use proc_macro2::{Spacing, TokenTree};

/// Operators of more than one character, longest first.
const JOINED: &[&str] = &[
    "<<=", ">>=", "...", "..=", "::", "->", "<-", "=>", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=", "*=", "/=",
    "%=", "^=", "&=", "|=", "<<", ">>", "..", ":=",
];

/// An operator: the index of its first token, how many tokens it has, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    pub(crate) index: usize,
    pub(crate) len: usize,
    pub(crate) text: String,
}

impl Operator {
    /// The index of the first token after the operator.
    pub(crate) fn end(&self) -> usize {
        self.index + self.len
    }
}

/// All operators at the top level of `tokens`, outside of any turbofish.
pub(crate) fn operators(tokens: &[TokenTree]) -> Vec<Operator> {
    let mut found: Vec<Operator> = Vec::new();
    let mut angles = 0_usize;
    let mut index = 0;
    while index < tokens.len() {
        let Some(operator) = operator_at(tokens, index) else {
            index += 1;
            continue;
        };
        index = operator.end();
        if angles > 0 {
            angles = nesting(&operator, angles);
            continue;
        }
        let after_path = found.last().is_some_and(|last| last.text == "::" && last.end() == operator.index);
        if after_path && operator.text.starts_with('<') {
            // Of `<-1>` and `<<T as U>::V>` only the brackets count.
            index = operator.index + 1;
            angles = 1;
            continue;
        }
        found.push(operator);
    }
    found
}

/// The depth of angle brackets after `operator`.
fn nesting(operator: &Operator, depth: usize) -> usize {
    if operator.text == "->" || operator.text == "=>" {
        return depth;
    }
    let opened = operator.text.matches('<').count();
    let closed = operator.text.matches('>').count();
    (depth + opened).saturating_sub(closed)
}

/// The operator that begins at `index`, if a punctuation character stands there.
fn operator_at(tokens: &[TokenTree], index: usize) -> Option<Operator> {
    let mut run = String::new();
    for token in &tokens[index..] {
        let TokenTree::Punct(punct) = token else { break };
        run.push(punct.as_char());
        if punct.spacing() == Spacing::Alone || run.len() == 3 {
            break;
        }
    }
    let text = match JOINED.iter().find(|joined| run.starts_with(**joined)) {
        Some(joined) => (*joined).to_owned(),
        None => run.get(..1)?.to_owned(),
    };
    Some(Operator { index, len: text.len(), text })
}

/// Splits `head, if guard` at its comma. The guard's tokens are `None` if there is no guard.
pub(crate) fn split_guard(mut tokens: Vec<TokenTree>) -> (Vec<TokenTree>, Option<Vec<TokenTree>>) {
    let comma = operators(&tokens).into_iter().find(|operator| {
        operator.text == "," && matches!(tokens.get(operator.index + 1), Some(TokenTree::Ident(next)) if next == "if")
    });
    let Some(comma) = comma else { return (tokens, None) };
    let guard = tokens.split_off(comma.index).split_off(2);
    (tokens, Some(guard))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(source: &str) -> Vec<TokenTree> {
        source.parse::<proc_macro2::TokenStream>().unwrap().into_iter().collect()
    }

    fn texts(source: &str) -> Vec<String> {
        operators(&tokens(source)).into_iter().map(|operator| operator.text).collect()
    }

    #[test]
    fn an_arrow_is_joined_punctuation() {
        assert_eq!(texts("ch <- 1"), ["<-"]);
        assert_eq!(texts("ch<-1"), ["<-"]);
        assert_eq!(texts("ch <--1"), ["<-", "-"]);
        assert_eq!(texts("ch < -1"), ["<", "-"]);
        assert_eq!(texts("v=<-ch"), ["=", "<-"]);
        assert_eq!(texts("v := <-ch"), [":=", "<-"]);
        assert_eq!(texts("1..=5 = f"), ["..=", "="]);
        assert_eq!(texts("ch <-&*x"), ["<-", "&", "*"]);
    }

    #[test]
    fn turbofish_and_groups_are_opaque() {
        assert_eq!(texts("f::<-1>() <- 2"), ["::", "<-"]);
        assert_eq!(texts("f::<dyn Iterator<Item = u8>>() <- 2"), ["::", "<-"]);
        assert_eq!(texts("f::<fn() -> u8, 1>(a = b) <- 2"), ["::", "<-"]);
        assert_eq!(texts("f::<<A as B>::C>() <- 2"), ["::", "<-"]);
        assert_eq!(texts("v = { a <- b }"), ["="]);
    }

    #[test]
    fn a_guard_begins_at_its_comma() {
        let (head, guard) = split_guard(tokens("v = <-f::<A, B>(), if a && b"));
        assert_eq!(head.len(), 13);
        assert_eq!(guard.unwrap().len(), 4);
        assert!(split_guard(tokens("(a, b) = f")).1.is_none());
    }
}
