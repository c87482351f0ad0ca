//! The concurrent prime sieve: a chain of tasks, each of which removes the multiples of one prime.

use std::time::Instant;

use crate::capability::{Channel, Tasks};
use crate::measure::Sample;
use crate::scale::Scale;

/// The sieve runs over the numbers from 2 to this one, inclusive.
#[must_use]
pub fn limit(scale: Scale) -> u64 {
    scale.pick(7919, 1987, 29)
}

/// The checksum: the sum of the primes.
#[must_use]
pub fn expected(scale: Scale) -> u64 {
    let smallest = smallest_prime_factors(limit(scale));
    (2..).zip(&smallest[2..]).filter(|(number, factor)| number == *factor).map(|(number, _)| number).sum()
}

/// How many messages are sent: each number once, then once more by each filter that lets it pass.
#[must_use]
pub fn messages(limit: u64) -> u64 {
    let smallest = smallest_prime_factors(limit);
    let mut rank = vec![0; smallest.len()];
    let mut primes = 0;
    let mut sent = 0;
    for (number, &factor) in smallest.iter().enumerate().skip(2) {
        if factor == number as u64 {
            primes += 1;
            rank[number] = primes;
        }
        sent += rank[usize::try_from(factor).expect("an index")];
    }
    sent
}

fn smallest_prime_factors(limit: u64) -> Vec<u64> {
    let mut smallest: Vec<u64> = (0..=limit).collect();
    for factor in (2..).take_while(|f| f * f <= limit) {
        for multiple in (factor * factor..=limit).step_by(usize::try_from(factor).expect("a step")) {
            let slot = &mut smallest[usize::try_from(multiple).expect("an index")];
            *slot = factor.min(*slot);
        }
    }
    smallest
}

/// Runs it: ns per message.
pub async fn run<R: Tasks, C: Channel>(rt: R, scale: Scale) -> Sample {
    let limit = limit(scale);
    pass::<R, C>(&rt, limit / 8).await;
    let start = Instant::now();
    let sum = pass::<R, C>(&rt, limit).await;
    Sample::time(start.elapsed(), messages(limit), sum)
}

async fn pass<R: Tasks, C: Channel>(rt: &R, limit: u64) -> u64 {
    let (mut tx, mut rx) = C::channel(0);
    let mut tasks = vec![rt.spawn(async move {
        for number in 2..=limit {
            C::send(&mut tx, number).await;
        }
        0
    })];
    let mut sum = 0;
    while let Some(prime) = C::value(C::recv(&mut rx).await) {
        sum += prime;
        let (tx, next) = C::channel(0);
        let input = std::mem::replace(&mut rx, next);
        tasks.push(rt.spawn(filter::<C>(input, tx, prime)));
    }
    for task in tasks {
        R::output(R::join(task).await);
    }
    sum
}

async fn filter<C: Channel>(mut input: C::Rx, mut output: C::Tx, prime: u64) -> u64 {
    while let Some(number) = C::value(C::recv(&mut input).await) {
        if number % prime != 0 {
            C::send(&mut output, number).await;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_messages_of_a_small_sieve() {
        // 2, 3, 4, 5 enter; 3 and 5 pass the filter of 2; 5 passes the filter of 3.
        assert_eq!(messages(5), 4 + 2 + 1);
        assert_eq!(expected(Scale::Smoke), 2 + 3 + 5 + 7 + 11 + 13 + 17 + 19 + 23 + 29);
    }
}
