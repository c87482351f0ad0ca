//! What a test run with a mutant in the tree says about the test.

use std::fmt;

use super::list::Kind;

/// How a mutant ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A test failed, as it should: its name.
    Caught(String),
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
            Self::Caught(_) => "caught",
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
        (true, true, Some(false)) => Verdict::Caught(catcher(text)),
    }
}

/// Whether a test has failed already; the run may go on with others.
pub(crate) fn has_failed(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("test ") && line.ends_with(" ... FAILED"))
}

/// The test that failed: the first that says so, or the last that began (an abort says nothing more).
fn catcher(text: &str) -> String {
    let name = |line: &str| Some(line.strip_prefix("test ")?.split(" ... ").next()?.to_owned());
    let mut tests = text.lines().filter(|line| line.starts_with("test ") && !line.starts_with("test result"));
    let failed = tests.clone().find(|line| line.ends_with(" ... FAILED"));
    let thread = || Some(text.split_once("thread '")?.1.split_once('\'')?.0.to_owned());
    failed.and_then(name).or_else(thread).or_else(|| tests.next_back().and_then(name)).unwrap_or_default()
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
        assert_eq!(judge(Kind::Loom, Some(false), ran), Verdict::Caught("models::sleep".into()));
        let aborted = "running 2 tests\ntest a ... ok\nthread 'b' panicked at x.rs:\nno";
        assert_eq!(judge(Kind::Loom, Some(false), aborted), Verdict::Caught("b".into()));
        assert!(has_failed(ran) && !has_failed(aborted));
        assert_eq!(judge(Kind::Unit, None, ran), Verdict::Hung);
        assert_eq!(judge(Kind::Loom, Some(true), ran), Verdict::Survived);
        assert!(matches!(judge(Kind::Unit, Some(true), "running 0 tests"), Verdict::Broken(_)));
        assert!(matches!(judge(Kind::Unit, Some(false), "error[E0308]: mismatched types"), Verdict::Broken(_)));
        let unsupported = format!("{ran}\nerror: unsupported operation: can't call foreign function");
        assert!(matches!(judge(Kind::Miri, Some(false), &unsupported), Verdict::Broken(_)));
    }
}
