//! The rest of the thread that watches over the workers: it sleeps as long as they do, and whoever wakes first rings.
//!
//! Protocol: the watcher sets the alarm, then looks whether all sleep, then parks. Who wakes has first become one that is awake, then rings.
//! Both have a fence in between, so the watcher sees that somebody is awake, or that one sees the alarm.

use crate::sys::OnceLock;
use crate::sys::atomic::{AtomicBool, Ordering, fence};
use crate::sys::thread::Thread;

/// See the module.
#[derive(Debug)]
pub(crate) struct Rest {
    alarm: AtomicBool,
    watcher: OnceLock<Thread>,
}

impl Rest {
    pub(super) fn new() -> Self {
        Self { alarm: AtomicBool::new(false), watcher: OnceLock::new() }
    }

    /// `watcher` is the one who rests.
    pub(crate) fn is_of(&self, watcher: Thread) {
        let _ = self.watcher.set(watcher);
    }

    /// The watcher wants to be woken.
    pub(crate) fn set(&self) {
        self.alarm.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// The watcher is awake.
    pub(crate) fn clear(&self) {
        self.alarm.store(false, Ordering::SeqCst);
    }

    /// Somebody is awake.
    #[inline]
    pub(crate) fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.alarm.load(Ordering::SeqCst) && self.alarm.swap(false, Ordering::SeqCst) {
            self.end();
        }
    }

    /// Ends it, whether or not the watcher rests.
    pub(super) fn end(&self) {
        if let Some(watcher) = self.watcher.get() {
            watcher.unpark();
        }
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use crate::sys::thread;
    use loom::sync::Arc;

    // D1: the watcher goes to rest while a worker wakes: it sees that, or is woken.
    #[test]
    fn model_nobody_wakes_unnoticed() {
        loom::model(|| {
            let (rest, awake) = (Arc::new(Rest::new()), Arc::new(AtomicBool::new(false)));
            rest.is_of(thread::current());
            let worker = loom::thread::spawn({
                let (rest, awake) = (Arc::clone(&rest), Arc::clone(&awake));
                move || {
                    awake.store(true, Ordering::Relaxed);
                    rest.ring();
                }
            });
            rest.set();
            if !awake.load(Ordering::Relaxed) {
                thread::park();
            }
            rest.clear();
            worker.join().unwrap();
        });
    }
}
