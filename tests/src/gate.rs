//! A gate in the way of a blocking call: the test knows when the call has begun, and lets it go on.

use std::sync::mpsc;

use orion_rt::Chan;

/// Lets a blocking call go on, and says that it has begun.
#[derive(Debug)]
pub struct Gate {
    begun: Chan<()>,
    open: mpsc::Receiver<()>,
}

/// What opens a gate; dropping it does too.
#[derive(Debug)]
pub struct Opener {
    begun: Chan<()>,
    _open: mpsc::Sender<()>,
}

/// A gate, and what opens it.
pub fn gate() -> (Opener, Gate) {
    let (tx, rx) = mpsc::channel();
    let begun = Chan::new(1);
    (Opener { begun: begun.clone(), _open: tx }, Gate { begun, open: rx })
}

impl Gate {
    /// Waits until the gate is open.
    ///
    /// # Panics
    /// If it was passed before.
    pub fn pass(self) {
        self.begun.try_send(()).expect("a gate is passed once");
        let _ = self.open.recv();
    }
}

impl Opener {
    /// Waits until the call has come to the gate.
    ///
    /// # Panics
    /// Never: the channel stays open.
    pub async fn begun(&self) {
        self.begun.recv().await.expect("the channel stays open");
    }
}
