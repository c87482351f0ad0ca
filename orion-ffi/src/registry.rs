//! Which frames are tasks now: from a frame's address to its record.
//!
//! Invariants
//! 1. An address is in here from the spawn of its frame until the frame is done, so two tasks never share one: the
//!    runtime forgets an address before the frame's owner can learn that it may be freed (F2).
//! 2. What an absent address means follows from (1): never spawned, or done.
//!
//! Rejected: a field in the frame (its layout belongs to the compiler); generations in the table (the record behind the
//! address is the generation: whoever waits holds that record, not the address).
#![forbid(unsafe_code)]

use crate::node::Node;
use crate::sync::lock;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex};

/// Locks that workers do not meet on often.
const SHARDS: usize = 64;

pub(crate) struct Registry {
    shards: [Shard; SHARDS],
}

/// Records by an address.
pub(crate) type ByAddress = HashMap<usize, Arc<Node>, BuildHasherDefault<AddressHasher>>;

type Shard = Mutex<ByAddress>;

impl Registry {
    pub(crate) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()) }
    }

    fn shard(&self, frame: usize) -> &Shard {
        // The upper bits of the product; the map itself uses others.
        &self.shards[(spread(frame) >> 32) as usize % SHARDS]
    }

    /// Enters the record `make` gives. `Err`: this frame is a task already.
    pub(crate) fn enter(&self, frame: usize, make: impl FnOnce() -> Arc<Node>) -> Result<Arc<Node>, Arc<Node>> {
        match lock(self.shard(frame)).entry(frame) {
            Entry::Occupied(entry) => Err(Arc::clone(entry.get())),
            Entry::Vacant(entry) => Ok(Arc::clone(entry.insert(make()))),
        }
    }

    pub(crate) fn find(&self, frame: usize) -> Option<Arc<Node>> {
        lock(self.shard(frame)).get(&frame).cloned()
    }

    /// Forgets an address.
    pub(crate) fn forget(&self, frame: usize) {
        let node = lock(self.shard(frame)).remove(&frame);
        drop(node);
    }

    /// The records of all tasks there are, oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Node>> {
        let mut all: Vec<_> =
            self.shards.iter().flat_map(|shard| lock(shard).values().cloned().collect::<Vec<_>>()).collect();
        all.sort_by_key(|node| node.id());
        all
    }
}

/// Addresses differ in their middle bits; one multiplication moves the difference up.
fn spread(address: usize) -> u64 {
    (address as u64 >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Hashes one address, quickly.
#[derive(Default)]
pub(crate) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    fn write_usize(&mut self, address: usize) {
        self.0 = spread(address);
    }

    fn finish(&self) -> u64 {
        // The map takes its bucket from the low bits and its tag from the high ones.
        self.0.rotate_left(20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F2, V4: an address that comes back is a new task; the old record stays what it was.
    #[test]
    fn an_address_that_comes_back_is_a_new_task() {
        let registry = Registry::new();
        let enter = || registry.enter(64, || Node::foreign(64));
        let Ok(first) = enter() else { panic!("the address is new") };
        assert!(enter().is_err());
        registry.forget(64);
        let Ok(second) = enter() else { panic!("the address was forgotten") };
        assert_ne!(first.id(), second.id());
        assert_eq!(registry.find(64).unwrap().id(), second.id());
        assert_eq!(registry.all().len(), 1);
    }
}
