//! What `#[orion_rt::main]` and `#[orion_rt::test]` need at run time: telling an `Err` from any other value, starting a
//! runtime or saying why not, and repeating a test over seeds.
//!
//! ```text
//!   (&Outcome(&value)).is_failure()
//!        |-- value: Result<..>    IsFailure for Outcome        found first, without another reference
//!        +-- value: anything      NoFailure for &Outcome       found second
//! ```
//!
//! Rejected: a bound on the returned type (`ExitCode`, `impl Termination` and `()` have no common one that also tells an
//! error apart).

use std::env;
use std::fmt;
use std::io;

/// The variable that replays one seed of a test.
const SEED: &str = "ORION_RT_SEED";

/// A value to be asked whether it is an `Err`.
pub struct Outcome<'a, T>(pub &'a T);

/// The answer for a `Result`.
pub trait IsFailure {
    /// Whether the value is an `Err`.
    fn is_failure(&self) -> bool;
}

impl<T, E> IsFailure for Outcome<'_, Result<T, E>> {
    fn is_failure(&self) -> bool {
        self.0.is_err()
    }
}

/// The answer for everything else.
pub trait NoFailure {
    /// `false`
    fn is_failure(&self) -> bool;
}

impl<T> NoFailure for &Outcome<'_, T> {
    fn is_failure(&self) -> bool {
        false
    }
}

/// The runtime that a builder gave.
///
/// # Panics
/// With the builder's message if it gave none.
#[track_caller]
pub fn started<R>(built: io::Result<R>) -> R {
    match built {
        Ok(runtime) => runtime,
        Err(error) => panic!("cannot start the runtime: {error}"),
    }
}

/// Runs a test once for each seed, until one fails, and returns the last value. `body` gives the value and whether it is
/// a failure; a panic is one too. The failing seed is printed with the command that replays it (D9): `package` is what cargo
/// calls it, `name` the path of the test from its crate on.
///
/// # Panics
/// If there is no seed, or the variable `ORION_RT_SEED` is set to something that is no seed.
pub fn sweep<T>(
    package: Option<&str>,
    name: &str,
    seeds: impl IntoIterator<Item = u64>,
    mut body: impl FnMut(u64) -> (T, bool),
) -> T {
    if let Ok(text) = env::var(SEED) {
        let seed = text.parse().unwrap_or_else(|_| panic!("{SEED} is `{text}`: expected a number"));
        return body(seed).0;
    }
    let mut last = None;
    for seed in seeds {
        let mut note = Note { package, name, seed, failed: true };
        let (value, failed) = body(seed);
        note.failed = failed;
        last = Some(value);
        if failed {
            break;
        }
    }
    last.expect("`seeds` is an empty range: the test ran nothing")
}

/// Prints the seed when dropped, unless the run has passed.
struct Note<'a> {
    package: Option<&'a str>,
    name: &'a str,
    seed: u64,
    failed: bool,
}

impl Drop for Note<'_> {
    fn drop(&mut self) {
        if self.failed {
            eprintln!("{self}");
        }
    }
}

impl fmt::Display for Note<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Note { package, name, seed, .. } = self;
        let test = name.split_once("::").map_or(*name, |(_, test)| test);
        write!(f, "`{test}` failed with seed {seed}; to replay it: {SEED}={seed} cargo test")?;
        if let Some(package) = package {
            write!(f, " -p {package}")?;
        }
        // The test may be one that is ignored unless asked for.
        write!(f, " {test} -- --exact --include-ignored")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[expect(clippy::needless_borrow, reason = "written as the macros expand")]
    #[test]
    fn only_an_err_is_a_failure() {
        assert!((&Outcome(&Err::<u8, _>("no"))).is_failure());
        assert!(!(&Outcome(&Ok::<_, String>(1))).is_failure());
        assert!(!(&Outcome(&())).is_failure());
        assert!(!(&Outcome(&std::process::ExitCode::FAILURE)).is_failure());
    }

    #[test]
    fn a_sweep_stops_at_the_first_failing_seed() {
        let mut ran = Vec::new();
        let last = sweep(None, "crate::t", 0..10, |seed| {
            ran.push(seed);
            (seed, seed == 3)
        });
        assert_eq!((last, ran), (3, vec![0, 1, 2, 3]));
    }

    // D9: with cargo and without.
    #[test]
    fn the_command_names_package_and_test() {
        let note = |package| Note { package, name: "crate::inner::t", seed: 7, failed: false }.to_string();
        assert!(note(Some("p")).ends_with(": ORION_RT_SEED=7 cargo test -p p inner::t -- --exact --include-ignored"));
        assert!(note(None).ends_with(": ORION_RT_SEED=7 cargo test inner::t -- --exact --include-ignored"));
    }

    #[test]
    fn a_panic_passes_through_a_sweep() {
        let sweep = AssertUnwindSafe(|| sweep(None, "crate::t", 0..10, |seed| (assert_ne!(seed, 2), false)));
        assert!(catch_unwind(sweep).is_err());
    }
}
