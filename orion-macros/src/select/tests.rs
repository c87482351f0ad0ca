//! Parsing, validation and the shape of the expansion; behaviour is tested in the workspace's `tests/`.

use super::*;

fn expansion(source: &str) -> String {
    expand(source.parse().unwrap()).to_string()
}

/// The first message of a failed expansion.
fn message(source: &str) -> String {
    let text = expansion(source);
    let (_, rest) = text.split_once("compile_error ! { \"").unwrap_or_else(|| panic!("accepted: {source}"));
    rest.split_once("\" }").unwrap().0.to_owned()
}

fn accepts(source: &str) {
    let text = expansion(source);
    assert!(!text.contains("compile_error"), "{source}: {text}");
    syn::parse_str::<syn::Expr>(&text).unwrap_or_else(|error| panic!("{source}: {error}: {text}"));
}

#[test]
fn the_whole_grammar_is_accepted() {
    for source in [
        "v = <-a => v, Some(v) = <-b => v, <-done => 1, c <- x + 1 => 2, r = d <- f()? => 3, e <- take slot => 4, else => 5",
        "Ok(v) = fut() => v, <-a, if b => { 1 } default => 2",
        "biased; v=<-a => {} _ = f::<A, B>(), if x.is_some() => {} c<-1 => {},",
        "v = <-&a.b[0] => match v { _ => 1 } c <- -1 => 2",
        "(a, b) = f => 1, &x = g => 2, mut y = h => 3",
        "c <- take *slot => 1, d <- take self.slot, if ok => 2, else => 3",
        "c <- take(x) => 1",
        "c <- || a = b => 1",
        "r = c <- take slot => 1, <-a => 2",
        "default => 1",
        "else => 1, default_chan <- 2 => 3",
        "biased <- 1 => 2",
        "A | B = f => 1, else => 2",
        "v = if x { f() } else if y { g() } else { h() } => 1",
        "v = if if x { y } else { z } { f() } else { g() } => 1",
        "v = break 'a if x { 1 } else { 2 } => 1, w = { let z = f; z }, if { let z = 1; z > 0 } => 2",
        "v = biased => 1, biased = f => 2, <-&mut if x { a } else { b } => 3, c <- |x| if x { 1 } else { 2 } => 4",
    ] {
        accepts(source);
    }
}

#[test]
fn sixty_four_arms_and_more() {
    let source: String = (0..100).map(|index| format!("v = <-c{index} => v,")).collect();
    accepts(&source);
}

#[test]
fn a_receiving_arm_that_needs_a_value_uses_its_own_kind() {
    assert!(expansion("Some(v) = <-a => v, else => 0").contains("recv_some_arm"));
    assert!(!expansion("v = <-a => v").contains("recv_some_arm"));
}

#[test]
fn plain_places_are_borrowed_after_every_guard() {
    let text = expansion("a <- take slot => 1, v = <-b, if slot.is_none() => 2, else => 3");
    assert!(text.find("slot . is_none").unwrap() < text.find("& mut slot").unwrap(), "{text}");
    let text = expansion("a <- take slots[next()] => 1, v = <-b, if x => 2, else => 3");
    assert!(text.find("next ()").unwrap() < text.find("= x").unwrap(), "{text}");
}

#[test]
fn wrong_operators() {
    for (source, expected) in [
        ("v := <-a => 1", "`:=` is Go's"),
        ("v == <-a => 1", "wrong operator `==`"),
        ("v += <-a => 1", "wrong operator `+=`"),
        ("v = ->a => 1", "wrong operator `->`"),
        ("v = < -a => 1", "without a space"),
        ("a < - v => 1", "without a space"),
        ("a -> v => 1", "wrong operator `->`"),
        ("->a => 1", "wrong operator `->`"),
        ("a << v => 1", "wrong operator `<<`"),
        ("case v = <-a => 1", "`case` is Go's"),
        ("v, ok = <-a => 1", "one pattern only"),
        ("a <- <-b => 1", "the value to send is an expression"),
        ("a => 1", "no operator"),
        ("_ => 1", "`_` is no arm"),
        ("v = <-a", "no body"),
        ("v = <-a => , <-b => 1", "expected the arm's body"),
        ("v = <-a => 1 <-b => 2", "expected"),
        ("v = <- => 1", "expected a channel"),
        ("a <- => 1", "expected a value to send"),
        ("= <-a => 1", "expected a pattern"),
        ("biased, v = <-a => 1", "semicolon"),
        ("biased v = <-a => 1", "semicolon"),
        ("biased _ = f => 1", "semicolon"),
        ("let v = <-a => 1", "without `let`"),
        ("#[cfg(unix)] v = <-a => 1", "no attributes"),
        ("v = <-a if x => 1", "behind a comma"),
        ("v = f()? if x => 1", "behind a comma"),
        ("a <- 1 if x => 1", "behind a comma"),
        ("v = <-a, if let Some(x) = y => 1, else => 2", "a condition without `let`"),
        ("v = <-a => {}; <-b => {}", "separated by commas"),
        ("<-a => 1, complete => 2", "write `else`"),
    ] {
        let message = message(source);
        assert!(message.contains(expected), "{source}: {message}");
    }
}

#[test]
fn patterns_that_would_lose_a_value() {
    for (source, expected) in [
        ("Some(5) = <-a => 1, else => 2", "inside `Some(..)`"),
        ("Some(Ok(v)) = <-a => 1, else => 2", "inside `Some(..)`"),
        ("Ok(v) = <-a => 1", "a receive gives an `Option`"),
        ("None = <-a => 1", "a receive gives an `Option`"),
        ("(a, b) = <-a => 1", "a receive gives an `Option`"),
        ("Ok(()) = a <- 1 => 1", "every result of a send"),
    ] {
        let message = message(source);
        assert!(message.contains(expected), "{source}: {message}");
    }
}

#[test]
fn arms_that_are_no_arms() {
    for (source, expected) in [
        ("<-a => 1, default => 2, default => 3", "a second `default`"),
        ("<-a => 1, else => 2, else => 3", "a second `else`"),
        ("<-a => 1, default => 2, else => 3", "`default` with `else`"),
        ("<-a => 1, default, if x => 2", "`default` cannot have a guard"),
        ("<-a => 1, else, if x => 2", "`else` cannot have a guard"),
        ("", "at least one arm"),
        ("Some(v) = <-a => 1, <-b, if x => 2, c <- take s => 3, Ok(v) = f => 4", "every arm can be out"),
    ] {
        let message = message(source);
        assert!(message.contains(expected), "{source}: {message}");
    }
}

#[test]
fn every_error_is_reported() {
    let text = expansion("v := <-a => 1, Ok(v) = <-a => 2, default => 3, default => 4");
    assert_eq!(text.matches("compile_error").count(), 3, "{text}");
}
