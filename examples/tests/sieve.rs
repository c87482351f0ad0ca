//! The binary `sieve` against a plain sieve.

use std::process::{Command, Output};

fn sieve(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sieve")).args(arguments).output().unwrap()
}

/// The primes below `limit`, by crossing out.
fn plain(limit: usize) -> Vec<usize> {
    let mut composite = vec![false; limit];
    let mut primes = Vec::new();
    for n in 2..limit {
        if !composite[n] {
            primes.push(n);
            (n * n..limit).step_by(n).for_each(|multiple| composite[multiple] = true);
        }
    }
    primes
}

fn printed(output: &Output) -> Vec<usize> {
    String::from_utf8_lossy(&output.stdout).lines().map(|line| line.parse().unwrap()).collect()
}

#[test]
fn the_first_thousand_primes() {
    let output = sieve(&[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The 1000th prime is 7919.
    let expected = plain(7920);
    assert_eq!(expected.len(), 1000);
    assert_eq!(printed(&output), expected);
}

#[test]
fn as_many_as_asked_for() {
    assert_eq!(printed(&sieve(&["4"])), [2, 3, 5, 7]);
    assert!(printed(&sieve(&["0"])).is_empty());
    assert_eq!(sieve(&["many"]).status.code(), Some(2));
}
