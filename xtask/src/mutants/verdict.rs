//! What a test run with a mutant in the tree says about the test.

use std::fmt;

use super::list::Kind;

/// How a mutant ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The test failed, as it should.
    Caught,
    /// The test did not end, which is a failure of what it waits for.
    Hung,
    /// The test passed.
    Survived,
    /// No test has said anything: the reason.
    Broken(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Caught => "caught",
            Self::Hung => "hung",
            Self::Survived => "SURVIVED",
            Self::Broken(_) => "BROKEN",
        })
    }
}

/// Reads the end of a run of `cargo test`: whether it succeeded (`None`: it did not end), and all that it printed.
pub(crate) fn judge(kind: Kind, success: Option<bool>, text: &str) -> Verdict {
    let compiled = text.lines().any(|line| line.starts_with("running ") && line.contains(" test"));
    let ran = text.lines().any(|line| line.starts_with("running ") && !line.starts_with("running 0 "));
    match (compiled, ran, success) {
        (false, _, _) => Verdict::Broken(format!("it does not compile:\n{}", tail(text))),
        (true, false, _) => Verdict::Broken("its test does not exist".into()),
        (true, true, None) => Verdict::Hung,
        (true, true, Some(true)) => Verdict::Survived,
        // A failed assertion, undefined behaviour, an abort, a signal: all of them are failures of the named test.
        (true, true, Some(false)) if kind == Kind::Miri && text.contains("unsupported operation") => {
            Verdict::Broken("Miri cannot run its test".into())
        }
        (true, true, Some(false)) => Verdict::Caught,
    }
}

/// The last lines, indented.
fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let from = lines.len().saturating_sub(15);
    lines[from..].iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_test_that_ran_and_failed_catches() {
        let ran = "running 1 test\ntest models::sleep ... FAILED";
        assert_eq!(judge(Kind::Loom, Some(false), ran), Verdict::Caught);
        assert_eq!(judge(Kind::Unit, None, ran), Verdict::Hung);
        assert_eq!(judge(Kind::Loom, Some(true), ran), Verdict::Survived);
        assert!(matches!(judge(Kind::Unit, Some(true), "running 0 tests"), Verdict::Broken(_)));
        assert!(matches!(judge(Kind::Unit, Some(false), "error[E0308]: mismatched types"), Verdict::Broken(_)));
        let unsupported = format!("{ran}\nerror: unsupported operation: can't call foreign function");
        assert!(matches!(judge(Kind::Miri, Some(false), &unsupported), Verdict::Broken(_)));
    }
}
