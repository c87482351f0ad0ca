//! Who is woken for a fork, step by step on one thread: the workers do not run.

use super::super::super::blocking;
use super::super::MultiShared;
use super::job::StackJob;
use crate::sys::atomic::Ordering;
use crate::task::run::Pace;

// S10: three workers. One is woken for the first of two forks, the other waits for a fork of its own. Whoever takes the first fork
// was the last that searched, and nobody is idle: the one that waits takes the second.
#[test]
fn the_last_that_searches_passes_the_search_on_to_a_worker_that_waits() {
    let settings = blocking::Settings { max: 1, name: "test".into() };
    let (shared, workers) = MultiShared::new(3, Pace { budget: 0, strict: false }, None, settings);
    let [owner, searcher, _waits] = &workers[..] else { panic!("three workers") };
    let jobs = [(), ()].map(|()| StackJob::new(owner.index(), || (), owner.inherited()));
    shared.sleepers.announce(1, false);
    owner.push_fork(jobs[0].reference());
    assert!(!shared.sleepers.retract(1), "an idle worker is woken for a fork");
    searcher.searching.set(true);
    shared.helpers.announce(2, false);
    owner.push_fork(jobs[1].reference());
    let first = searcher.steal_fork().expect("two are there");
    searcher.help(first);
    assert!(jobs[0].latch.is_set() && !jobs[1].latch.is_set());
    assert!(shared.peers[2].token.load(Ordering::SeqCst), "nobody is woken for the second fork");
    assert!(owner.pop_fork().is_some_and(|fork| jobs[1].is(fork)));
}
