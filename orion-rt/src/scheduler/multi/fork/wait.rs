//! A worker's deque of forks: pushing, stealing, and waiting for one that was stolen.
//!
//! Invariants
//! 1. What stands in a deque of forks is a job that is alive until it has been run (invariant 1 of `job`).

use std::mem::take;

use crate::sys::atomic::Ordering;
use crate::sys::{hint, thread};
use crate::util::rng;

use super::super::super::inherit::Inherited;
use super::super::worker::{SEARCH_PAUSE, SEARCH_ROUNDS, Worker};
use super::ForkRef;
use super::latch::Latch;

impl Worker {
    /// Whether there is anyone to steal.
    pub(super) fn has_peers(&self) -> bool {
        self.shared.peers.len() > 1
    }

    /// What a thief needs to have from the task that forks.
    pub(super) fn inherited(&self) -> Inherited {
        Inherited::here(self.shared.pace().strict)
    }

    pub(super) fn push_fork(&self, fork: ForkRef) {
        let was_empty = self.forks.is_empty();
        self.forks.push(fork);
        // Whoever takes the first looks for more, and wakes another if it was the last that searched.
        if was_empty {
            self.shared.notify_forks();
        }
    }

    pub(super) fn pop_fork(&self) -> Option<ForkRef> {
        self.forks.pop()
    }

    /// The worker was the last that searched: another is to, and where there are forks, one that waits for its own will do.
    pub(in super::super) fn pass_search_on(&self) {
        if self.sees_forks() {
            self.shared.notify_forks();
        } else {
            self.shared.notify();
        }
    }

    /// Runs a fork that this worker has taken out of a deque.
    pub(in super::super) fn help(&self, fork: ForkRef) {
        self.found_work();
        self.offer_tasks();
        // SAFETY: taken out, by this worker.
        unsafe { fork.run(&self.shared) };
    }

    /// Takes a fork from another worker.
    pub(in super::super) fn steal_fork(&self) -> Option<ForkRef> {
        let peers = &self.shared.peers;
        let first = rng::below(peers.len() as u32) as usize;
        (0..peers.len())
            .map(|i| (first + i) % peers.len())
            .filter(|&i| i != self.index())
            .find_map(|i| Self::repeat(|| peers[i].forks.steal()))
    }

    /// Takes a fork from one other worker, whichever: so forks get their turn while there are tasks.
    pub(in super::super) fn steal_fork_by_chance(&self) -> Option<ForkRef> {
        let peers = &self.shared.peers;
        let i = rng::below(peers.len() as u32) as usize;
        if i == self.index() { None } else { peers[i].forks.steal().success() }
    }

    /// Whether any worker has a fork to steal.
    pub(in super::super) fn sees_forks(&self) -> bool {
        self.shared.peers.iter().any(|peer| !peer.forks.is_empty())
    }

    /// Runs other forks, else sleeps, until the latch is set.
    #[cold]
    pub(super) fn wait(&self, latch: &Latch) {
        // Only a destructor or a foreign waker that the worker runs while it looks for work gets here as one that searches.
        self.found_work();
        let helpers = &self.shared.helpers;
        let mut searching = false;
        'waiting: while !latch.is_set() {
            searching = searching || helpers.start_searching();
            for _ in 0..SEARCH_ROUNDS {
                if let Some(fork) = self.steal_fork_if(searching) {
                    self.stop_helping(take(&mut searching));
                    self.help(fork);
                    continue 'waiting;
                }
                for _ in 0..SEARCH_PAUSE {
                    hint::spin_loop();
                }
                if latch.is_set() {
                    break 'waiting;
                }
            }
            self.offer_tasks();
            helpers.announce(self.index(), take(&mut searching));
            if !self.sees_forks() && latch.fall_asleep() {
                let token = &self.shared.peers[self.index()].token;
                while !token.swap(false, Ordering::SeqCst) {
                    thread::park();
                }
                latch.wake_up();
            }
            searching = !helpers.retract(self.index());
        }
        self.stop_helping(searching);
    }

    fn steal_fork_if(&self, may: bool) -> Option<ForkRef> {
        if may { self.steal_fork() } else { None }
    }

    /// The worker does not look for forks any more; if it was the last, another is to.
    fn stop_helping(&self, searching: bool) {
        if searching && self.shared.helpers.stop_searching() {
            self.shared.notify_forks();
        }
    }
}
