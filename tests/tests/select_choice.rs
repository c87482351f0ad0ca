//! Which arm wins: L1, L3, L4, L8.

use std::pin::pin;

use orion_rt::{Chan, select};
use orion_tests::{Count, now, poll_once, ready_after, watched};

/// A channel with these values in it.
fn filled<T>(values: impl IntoIterator<Item = T>) -> Chan<T> {
    let values: Vec<T> = values.into_iter().collect();
    let chan = Chan::new(values.len().max(1));
    for value in values {
        assert!(chan.try_send(value).is_ok());
    }
    chan
}

// L1
#[test]
fn exactly_one_communication_happens() {
    for _ in 0..100 {
        let (a, b, c) = (filled([1]), filled([2]), Chan::new(1));
        let got = now(async {
            select! {
                v = <-a => v.unwrap(),
                v = <-b => v.unwrap(),
                c <- 3 => 3,
            }
        });
        let left = [a.len(), b.len(), 1 - c.len()];
        let expected = [usize::from(got != 1), usize::from(got != 2), usize::from(got != 3)];
        assert_eq!(left, expected, "arm {got} won");
    }
}

// L1
#[test]
fn an_arm_never_pairs_with_another_arm_of_its_select() {
    for capacity in [0, 1] {
        let chan = Chan::new(capacity);
        let mut select = pin!(async {
            select! {
                biased;
                v = <-chan => v,
                chan <- 1, if capacity == 0 => None,
            }
        });
        let wakes = Count::default();
        assert!(poll_once(select.as_mut(), &wakes).is_pending());
        assert!(poll_once(select.as_mut(), &wakes).is_pending());
        // Both arms wait; a peer takes part in one of them.
        chan.try_send(5).unwrap();
        assert_eq!(now(select), Some(5));
        assert_eq!(chan.try_recv().ok(), None);
    }
}

// L1, L4
#[test]
fn with_default_an_arm_does_not_pair_with_its_sibling_either() {
    let chan = Chan::new(0);
    let taken = now(async {
        select! {
            chan <- 1 => "send",
            _ = <-chan => "receive",
            default => "default",
        }
    });
    assert_eq!(taken, "default");
}

// L1: two selects that could pair on either of two channels do so exactly once.
#[test]
fn two_selects_pair_once() {
    let (a, b) = (Chan::new(0), Chan::new(0));
    let mut sending = pin!(async {
        select! {
            a <- 1 => 1,
            b <- 2 => 2,
        }
    });
    assert!(poll_once(sending.as_mut(), &Count::default()).is_pending());
    let received = now(async {
        select! {
            v = <-a => v,
            v = <-b => v,
        }
    });
    assert_eq!(Some(now(sending)), received);
    assert!(a.try_recv().is_err() && b.try_recv().is_err());
}

// L1, X5
#[test]
fn a_parked_select_resumes_with_the_arm_its_peer_completed() {
    let (chan, polls) = (Chan::new(0), Count::default());
    let mut select = pin!(async {
        select! {
            biased;
            _ = ready_after(1, polls.clone()) => None,
            v = <-chan => v,
        }
    });
    let wakes = Count::default();
    assert!(poll_once(select.as_mut(), &wakes).is_pending());
    chan.try_send(7).unwrap();
    // The future would be ready now, but the communication has happened.
    assert_eq!(now(select), Some(7));
    assert_eq!(polls.get(), 1);
}

// L1
#[test]
fn a_parked_sender_resumes_with_the_arm_its_peer_completed() {
    let (a, b) = (Chan::new(0), Chan::new(0));
    let mut select = pin!(async {
        select! {
            a <- "a" => "a",
            b <- "b" => "b",
        }
    });
    assert!(poll_once(select.as_mut(), &Count::default()).is_pending());
    assert_eq!(b.try_recv(), Ok("b"));
    assert!(a.try_recv().is_err(), "the other arm's offer is gone at once");
    assert_eq!(now(select), "b");
}

// L3
#[test]
fn biased_takes_the_first_ready_arm() {
    for _ in 0..50 {
        let (a, b, c) = (Chan::<u8>::new(1), filled([2]), filled([3]));
        let got = now(async {
            select! {
                biased;
                v = <-a => v,
                v = <-b => v,
                v = <-c => v,
            }
        });
        assert_eq!(got, Some(2));
    }
}

/// The chi-square statistic of `counts` against a uniform distribution.
fn chi_square(counts: &[u32]) -> f64 {
    let expected = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
    counts.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum()
}

// L3: the critical values are those of p = 0.0001.
#[test]
fn the_choice_is_uniform_among_the_ready_arms() {
    watched(|| {
        let runtime = orion_rt::Runtime::builder().seed(42).yield_budget(0).build_local().unwrap();
        runtime.run(async |_| {
            let (ready, empty) = (filled([()]), Chan::<()>::new(1));
            let mut three = [0_u32; 3];
            let mut between = [0_u32; 2];
            for _ in 0..60_000 {
                let winner = select! {
                    _ = <-ready => 0,
                    _ = <-ready => 1,
                    _ = async {} => 2,
                };
                three[winner] += 1;
                let _ = ready.try_send(());
                // An arm that is not ready passes its share on evenly.
                let winner = select! {
                    _ = <-ready => 0,
                    _ = <-empty => unreachable!(),
                    _ = <-empty, if false => unreachable!(),
                    _ = <-ready => 1,
                };
                between[winner] += 1;
                let _ = ready.try_send(());
            }
            assert!(chi_square(&three) < 18.42, "{three:?}");
            assert!(chi_square(&between) < 15.14, "{between:?}");
        });
    });
}

// L4
#[test]
fn default_is_taken_when_nothing_is_ready() {
    let (a, polls) = (Chan::<u8>::new(1), Count::default());
    let taken = now(async {
        select! {
            _ = <-a => 1,
            _ = ready_after(1, polls.clone()) => 2,
            default => 3,
        }
    });
    assert_eq!((taken, polls.get()), (3, 1), "the future was polled once");
    for value in [true, false] {
        a.try_send(1).unwrap();
        let taken = now(async {
            select! {
                v = <-a, if value => v,
                default => None,
            }
        });
        assert_eq!(taken.is_some(), value);
        let _ = a.try_recv();
    }
}

// L4: a ready arm is never passed over for `default`.
#[test]
fn default_is_not_taken_when_something_is_ready() {
    for _ in 0..100 {
        let (a, b) = (filled([1]), Chan::<u8>::new(0));
        let got = now(async {
            select! {
                v = <-b => v,
                v = <-a => v,
                default => None,
            }
        });
        assert_eq!(got, Some(1));
    }
}

// L4: with every arm disabled too.
#[test]
fn default_alone_and_default_over_disabled_arms() {
    let chan = filled([1]);
    assert_eq!(
        now(async {
            select! { default => 5 }
        }),
        5
    );
    assert_eq!(
        now(async {
            select! { _ = <-chan, if false => 1, default => 2 }
        }),
        2
    );
    assert_eq!(
        now(async {
            select! { _ = <-chan, if false => 1, else => 3 }
        }),
        3
    );
}

// L8
#[test]
fn sixty_four_arms() {
    macro_rules! select_all {
        ($chans:ident: $($index:literal)*) => {
            select! { $(v = <-$chans[$index] => ($index, v),)* }
        };
    }
    let chans: Vec<Chan<usize>> = (0..64).map(|_| Chan::new(1)).collect();
    for expected in [0, 31, 63] {
        chans[expected].try_send(expected).unwrap();
        let got = now(async {
            select_all!(chans:
                0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
                32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63)
        });
        assert_eq!(got, (expected, Some(expected)));
    }
}
