//! The "Google Search" of Rob Pike's talk *Go Concurrency Patterns*: servers for the web, images and videos, three replicas of each.
//!
//! ```text
//!                         .--> web 1, 2, 3     the first that answers counts, the others are cancelled
//!   search, for 80 ms ----+--> image 1, 2, 3   a kind of which all are down is an error, which ends the search
//!                         '--> video 1, 2, 3
//! ```
//!
//! `search [QUERY [SEED]]` asks them; the seed decides how long each takes, and which are down. The servers are fake and so is the
//! clock: the program waits for nothing, and two runs give the same. In Go the replicas that come too late would go on until they have
//! answered, to nobody.

use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use orion_rt::{Group, Local, Runtime, now, sleep};

const KINDS: [&str; 3] = ["web", "image", "video"];
const REPLICAS: u64 = 3;
const PATIENCE: Duration = Duration::from_millis(80);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let query = arguments.next().unwrap_or_else(|| "golang".to_owned());
    let seed = match arguments.next().map(|text| text.parse()) {
        None => 1,
        Some(Ok(seed)) => seed,
        Some(Err(error)) => {
            eprintln!("search: not a seed: {error}\nusage: search [QUERY [SEED]]");
            return ExitCode::from(2);
        }
    };
    let runtime = Runtime::builder().deterministic(true).build_local().expect("these settings go together");
    let (found, took) = runtime.run(async |s| {
        let start = now();
        let found = search(s, &query, seed).await;
        (found, now() - start)
    });
    match found {
        Ok(answers) => {
            answers.iter().for_each(|answer| println!("{answer}"));
            println!("in {} ms", took.as_millis());
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("search: {failure}, after {} ms", took.as_millis());
            ExitCode::FAILURE
        }
    }
}

/// Why there is no result.
enum Failure {
    Late,
    Down(&'static str),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late => f.write_str("the time is up"),
            Self::Down(kind) => write!(f, "no {kind} server is up"),
        }
    }
}

/// An answer of each kind. Nothing that was started for it is left when it returns, however it does.
async fn search<'s>(g: &Group<'s, Local>, query: &'s str, seed: u64) -> Result<Vec<String>, Failure> {
    g.group_timeout(PATIENCE, async |g| {
        g.try_group(async |g| {
            let kinds = KINDS.map(|kind| g.spawn(first(Group::clone(&g), kind, query, seed)));
            let mut answers = Vec::new();
            for kind in kinds {
                answers.push(kind.get().await);
            }
            Ok(answers)
        })
        .await
    })
    .await
    .unwrap_or(Err(Failure::Late))
}

/// What the first replica says that is up.
async fn first<'s>(g: Group<'s, Local>, kind: &'static str, query: &'s str, seed: u64) -> Result<String, Failure> {
    g.group(async |g| {
        let mut replicas = g.join_set();
        for replica in 1..=REPLICAS {
            replicas.spawn(ask(kind, replica, query, seed));
        }
        while let Some(answer) = replicas.next().await {
            if let Ok(Some(answer)) = answer {
                g.cancel(); // the slower ones
                return Ok(answer);
            }
        }
        Err(Failure::Down(kind))
    })
    .await
}

/// Asks one server; `None`: it is down, and refuses at once.
async fn ask(kind: &str, replica: u64, query: &str, seed: u64) -> Option<String> {
    let draw = kind.bytes().fold(mix(seed ^ replica << 32), |draw, byte| mix(draw ^ u64::from(byte)));
    if draw >> 62 == 0 {
        return None;
    }
    sleep(Duration::from_millis(draw % 100)).await;
    Some(format!("{kind} result for \"{query}\" from {kind} {replica}"))
}

/// The step of the generator `SplitMix64`: a number that looks random, and is always the same.
fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}
