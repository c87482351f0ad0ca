//! Building and running programs in C, C++ and assembly against `liborion_runtime.a`, as a user of the archive would.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// What a program has said, and how it ended.
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) status: std::process::ExitStatus,
}

impl Ran {
    /// The lines on stdout of a program that has succeeded and complained of nothing.
    pub(crate) fn lines(&self) -> Vec<&str> {
        assert!(self.status.success(), "{}\n{}{}", self.status, self.stdout, self.stderr);
        assert_eq!(self.stderr, "");
        self.stdout.lines().collect()
    }
}

/// A linked program.
pub(crate) struct Program(PathBuf);

impl Program {
    /// Compiles `sources`, paths below `tests/` (`ll/NAME` stands for the assembly made of `ll/NAME.ll`), and links them with
    /// the archive.
    pub(crate) fn build(name: &str, sources: &[&str]) -> Self {
        let out = exe_dir().join("orion-clients").join(name);
        std::fs::create_dir_all(&out).expect("the target directory can be written");
        let program = out.join("program");
        let cpp = sources.iter().any(|source| source.ends_with(".cpp"));
        let mut link = compiler(cpp);
        for source in sources {
            link.arg(compile(source, &out));
        }
        link.arg(archive()).arg("-o").arg(&program);
        link.args(if cfg!(target_os = "macos") { &["-lm"][..] } else { &["-lgcc_s", "-lpthread", "-ldl", "-lm"][..] });
        run_tool(&mut link);
        Self(program)
    }

    /// Runs the program; one that does not end within two minutes is killed and fails the test.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: &[A], env: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(&self.0);
        command.args(args).env_remove("ORION_WORKERS").envs(env.iter().copied());
        let output = watched(command);
        Ran {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            status: output.status,
        }
    }
}

fn watched(mut command: Command) -> Output {
    use std::process::Stdio;
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let id = child.id();
    let (done, ended) = std::sync::mpsc::channel::<()>();
    let killer = std::thread::spawn(move || {
        let started = Instant::now();
        if ended.recv_timeout(Duration::from_secs(120)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            // SAFETY: the child has not been waited for, so the number is still its own.
            unsafe { libc::kill(id as libc::pid_t, libc::SIGKILL) };
            panic!("the program has not ended after {:?}", started.elapsed());
        }
    });
    let drain = |mut from: Box<dyn std::io::Read + Send>| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            from.read_to_end(&mut text).map(|_| text).unwrap_or_default()
        })
    };
    let stdout = drain(Box::new(child.stdout.take().expect("piped")));
    let stderr = drain(Box::new(child.stderr.take().expect("piped")));
    let stdout = stdout.join().expect("reading does not panic");
    let stderr = stderr.join().expect("reading does not panic");
    drop(done);
    killer.join().expect("the program ends in time");
    let status = child.wait().expect("the program was started");
    Output { status, stdout, stderr }
}

/// Compiles one source to an object file in `out`.
fn compile(source: &str, out: &Path) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let path = match source.strip_prefix("ll/") {
        Some(name) => tests.join(format!("ll/{name}.{}.s", std::env::consts::ARCH)),
        None => tests.join(source),
    };
    let object = out.join(source.replace(['/', '.'], "-")).with_extension("o");
    let cpp = source.ends_with(".cpp");
    let mut command = compiler(cpp);
    command.arg("-c").arg(&path).arg("-o").arg(&object).arg("-I").arg(tests.join("../include"));
    if !source.starts_with("ll/") {
        command.args(["-O1", "-g", "-Wall", "-Wextra", "-Werror"]);
        command.arg(if cpp { "-std=c++20" } else { "-std=c11" });
    }
    run_tool(&mut command);
    object
}

fn compiler(cpp: bool) -> Command {
    let (variable, default) = if cpp { ("CXX", "c++") } else { ("CC", "cc") };
    Command::new(std::env::var_os(variable).unwrap_or_else(|| default.into()))
}

fn run_tool(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{text}");
}

/// The directory cargo builds this test's profile in.
fn exe_dir() -> PathBuf {
    let exe = std::env::current_exe().expect("a test knows its own path");
    exe.parent().and_then(Path::parent).expect("a test lies in `deps`").to_owned()
}

/// The archive. `cargo test` has built it, as it builds all examples; `cargo test --test clients` alone has not, so unless it
/// is newer than the source, cargo is asked for it.
fn archive() -> &'static Path {
    static ARCHIVE: OnceLock<PathBuf> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let dir = exe_dir();
        let archive = dir.join("examples/liborion_runtime.a");
        if is_fresh(&archive) {
            return archive;
        }
        let profile = match dir.file_name().and_then(OsStr::to_str) {
            Some("debug") | None => "dev",
            Some(other) => other,
        };
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "orion-ffi", "--example", "orion_runtime", "--profile", profile]);
        // The test lies in TARGET/PROFILE/deps, or in TARGET/TRIPLE/PROFILE/deps.
        let above = dir.parent().expect("a profile's directory lies in the target directory");
        let triple = above.file_name().and_then(OsStr::to_str).filter(|name| name.matches('-').count() >= 2);
        match triple {
            Some(triple) => cargo.args(["--target", triple]).arg("--target-dir").arg(above.parent().unwrap_or(above)),
            None => cargo.arg("--target-dir").arg(above),
        };
        cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
        run_tool(&mut cargo);
        archive
    })
}

/// Whether the archive is newer than everything it is made of.
fn is_fresh(archive: &Path) -> bool {
    let Ok(made) = archive.metadata().and_then(|data| data.modified()) else { return false };
    let ffi = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources =
        ["Cargo.toml", "src", "archive", "../orion-rt/Cargo.toml", "../orion-rt/src", "../Cargo.toml", "../Cargo.lock"];
    let mut left: Vec<_> = sources.iter().map(|source| ffi.join(source)).collect();
    while let Some(path) = left.pop() {
        match path.read_dir() {
            Ok(entries) => left.extend(entries.filter_map(|entry| Some(entry.ok()?.path()))),
            Err(_) if path.metadata().and_then(|data| data.modified()).is_ok_and(|changed| changed >= made) => {
                return false;
            }
            Err(_) => {}
        }
    }
    true
}
