//! Runs a command for a bounded time: a test that is broken on purpose may well hang.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

/// How often the output of a run that may end early is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How a run has ended.
pub(crate) struct Ended {
    /// `None`: it was still going on and has been stopped.
    pub(crate) success: Option<bool>,
    /// Standard output and error, as they were interleaved.
    pub(crate) text: String,
}

/// Runs `command` for at most `limit`.
pub(crate) fn run(command: &mut Command, limit: Duration) -> io::Result<Ended> {
    run_until(command, limit, |_| false)
}

/// Runs `command` for at most `limit`, and no longer than until what it has printed is `enough`: that is a failure.
pub(crate) fn run_until(command: &mut Command, limit: Duration, enough: impl Fn(&str) -> bool) -> io::Result<Ended> {
    // A file and not a pipe: a process that outlives the command would keep a pipe open.
    let file = tempfile::NamedTempFile::new()?;
    let output = file.as_file();
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output.try_clone()?);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let mut child = command.spawn()?;
    let begin = Instant::now();
    let mut looked = begin;
    let success = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status.success());
        }
        if begin.elapsed() > limit {
            stop(&mut child)?;
            break None;
        }
        if looked.elapsed() > LOOK {
            looked = Instant::now();
            if enough(&text(&file)?) {
                stop(&mut child)?;
                break Some(false);
            }
        }
        thread::sleep(Duration::from_millis(50));
    };
    Ok(Ended { success, text: text(&file)? })
}

/// Ends the command and what it has started.
fn stop(child: &mut Child) -> io::Result<()> {
    #[cfg(unix)]
    Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status()?;
    #[cfg(not(unix))]
    child.kill()?;
    child.wait().map(drop)
}

/// All that has been written so far; read at a place of its own, for the writers share theirs.
fn text(file: &NamedTempFile) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.reopen()?.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Ended {
        run(Command::new("sh").args(["-c", script]), limit).unwrap()
    }

    #[test]
    fn the_end_and_both_outputs_are_told() {
        let ended = shell("echo out; echo err >&2; exit 3", Duration::from_secs(60));
        assert_eq!((ended.success, ended.text.as_str()), (Some(false), "out\nerr\n"));
        assert_eq!(shell("true", Duration::from_secs(60)).success, Some(true));
    }

    #[test]
    fn a_run_ends_when_it_has_said_enough() {
        let script = "echo begun; echo enough; cat /dev/zero > /dev/null";
        let mut command = Command::new("sh");
        let ended = run_until(command.args(["-c", script]), Duration::from_secs(60), |text| text.contains("enough"));
        let ended = ended.unwrap();
        assert_eq!((ended.success, ended.text.as_str()), (Some(false), "begun\nenough\n"));
    }

    #[test]
    fn what_hangs_is_stopped_with_its_children() {
        let ended = shell("echo begun; cat /dev/zero | cat > /dev/null", Duration::ZERO);
        assert_eq!(ended.success, None);
    }
}
