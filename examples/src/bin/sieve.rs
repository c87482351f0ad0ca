//! Go's concurrent prime sieve: a chain of filters, one task per prime, over unbuffered channels.
//!
//! ```text
//!   generate --2,3,4,..--> filter 2 --3,5,7,..--> filter 3 --5,7,11,..--> filter 5 --> ..
//!                                \ the first value that comes out of each channel is a prime
//! ```
//!
//! `sieve [N]` prints the first N primes, 1000 by default, one a line. When the last one has come out, the scope is
//! cancelled: in Go these goroutines would leak.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use orion_rt::{Chan, Receiver, Sender};

fn main() -> ExitCode {
    let wanted = match std::env::args().nth(1).map(|text| text.parse::<usize>()) {
        None => 1000,
        Some(Ok(wanted)) => wanted,
        Some(Err(error)) => {
            eprintln!("sieve: not a number of primes: {error}\nusage: sieve [N]");
            return ExitCode::from(2);
        }
    };
    match print(&primes(wanted)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sieve: write error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(primes: &[u64]) -> io::Result<()> {
    let mut output = BufWriter::new(io::stdout().lock());
    for prime in primes {
        writeln!(output, "{prime}")?;
    }
    output.flush()
}

/// The first `wanted` primes.
fn primes(wanted: usize) -> Vec<u64> {
    orion_rt::run(async |s| {
        let (numbers, mut source) = Chan::new(0).split();
        s.task().name("generate").go(generate(numbers));
        let mut primes = Vec::new();
        while primes.len() < wanted {
            let Some(prime) = source.recv().await else { break };
            primes.push(prime);
            let (passed, rest) = Chan::new(0).split();
            s.task().name(format!("filter {prime}")).go(filter(prime, source, passed));
            source = rest;
        }
        s.cancel();
        primes
    })
}

/// Sends 2, 3, 4, .. until nobody listens.
async fn generate(numbers: Sender<u64>) {
    for number in 2.. {
        if numbers.send(number).await.is_err() {
            return;
        }
    }
}

/// Passes on what `prime` does not divide.
async fn filter(prime: u64, source: Receiver<u64>, passed: Sender<u64>) {
    while let Some(number) = source.recv().await {
        if number % prime != 0 && passed.send(number).await.is_err() {
            return;
        }
    }
}
