//! Random calls with live, stale, null and foreign handles: nothing but a status may come of them (E4, and "validated" of
//! ABI.md, section C). The expected status follows from a model that knows which handles live.

use orion_ffi::*;
use std::collections::HashMap;

/// A small generator with a fixed seed: the sequence is the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// What the model knows of a live handle.
struct Model {
    references: usize,
    capacity: usize,
    values: std::collections::VecDeque<u64>,
    closed: bool,
}

#[test]
fn random_calls_do_what_the_model_says() {
    let mut random = Random(2026);
    let mut live = HashMap::<usize, Model>::new();
    let foreign = Box::new(0u64);
    let mut seen = vec![0, 1, usize::MAX, std::ptr::from_ref(&*foreign).addr(), (0xC5 << (usize::BITS - 8)) + 0xFFFF];
    let mut next = 0u64;
    for _ in 0..if cfg!(miri) { 3_000 } else { 200_000 } {
        // Mostly a recent one, which may well be live.
        let among = if random.below(4) == 0 { seen.len() } else { seen.len().min(60) };
        let handle = seen[seen.len() - 1 - random.below(among)];
        let chan = std::ptr::without_provenance_mut::<orion_chan>(handle);
        let room = live.len() < 50;
        let model = live.get_mut(&handle);
        match random.below(8) {
            0 if room => {
                let capacity = random.below(4);
                let mut chan = std::ptr::null_mut();
                // SAFETY: `chan` may be written; the elements are plain.
                assert_eq!(unsafe { orion_chan_new(8, 8, capacity as u64, None, &raw mut chan) }, ORION_OK);
                let model = Model { references: 1, capacity, values: Default::default(), closed: false };
                assert!(live.insert(chan.addr(), model).is_none(), "no two handles are equal");
                seen.push(chan.addr());
                assert!(seen.iter().filter(|handle| **handle == chan.addr()).count() == 1, "nor ever were");
            }
            0 | 1 => {
                let expected = model.map_or(ORION_INVALID, |model| {
                    model.references += 1;
                    ORION_OK
                });
                assert_eq!(orion_chan_retain(chan), expected);
            }
            2 | 3 => {
                let gone = model.map(|model| {
                    model.references -= 1;
                    model.references == 0
                });
                assert_eq!(orion_chan_release(chan), if gone.is_some() { ORION_OK } else { ORION_INVALID });
                if gone == Some(true) {
                    live.remove(&handle);
                }
            }
            4 | 5 => {
                next += 1;
                let expected = match model {
                    None => ORION_INVALID,
                    Some(model) if model.closed => ORION_CLOSED,
                    Some(model) if model.values.len() == model.capacity => ORION_FULL,
                    Some(model) => {
                        model.values.push_back(next);
                        ORION_OK
                    }
                };
                // SAFETY: a `u64`, moved by the call.
                assert_eq!(unsafe { orion_chan_try_send(chan, (&raw const next).cast()) }, expected);
            }
            6 => {
                let (mut value, mut oldest) = (0u64, 0);
                let expected = match model {
                    None => ORION_INVALID,
                    Some(model) => match model.values.pop_front() {
                        Some(value) => {
                            oldest = value;
                            ORION_OK
                        }
                        None if model.closed => ORION_CLOSED,
                        None => ORION_EMPTY,
                    },
                };
                // SAFETY: room for a `u64`.
                assert_eq!(unsafe { orion_chan_try_recv(chan, (&raw mut value).cast()) }, expected);
                assert_eq!(value, oldest, "written if received, and only then");
                // SAFETY: refused: null is no place for an element.
                assert_eq!(unsafe { orion_chan_try_recv(chan, std::ptr::null_mut()) }, ORION_INVALID);
            }
            _ => {
                assert_eq!(orion_chan_is_closed(chan), model.as_ref().is_some_and(|model| model.closed));
                if random.below(4) == 0 {
                    let expected = match model {
                        None => ORION_INVALID,
                        Some(model) if model.closed => ORION_CLOSED,
                        Some(model) => {
                            model.closed = true;
                            ORION_OK
                        }
                    };
                    assert_eq!(orion_chan_close(chan), expected);
                }
            }
        }
    }
    for (handle, model) in live {
        let chan = std::ptr::without_provenance_mut::<orion_chan>(handle);
        (0..model.references).for_each(|_| assert_eq!(orion_chan_release(chan), ORION_OK));
        assert_eq!(orion_chan_retain(chan), ORION_INVALID);
    }
    assert!(seen.len() > if cfg!(miri) { 20 } else { 500 }, "{} handles were made", seen.len());
}

#[test]
fn elements_that_cannot_be_are_refused() {
    let mut chan = std::ptr::null_mut();
    for (size, align) in [(8, 3), (8, 0), (4, 8), (12, 8)] {
        // SAFETY: `chan` may be written.
        assert_eq!(unsafe { orion_chan_new(size, align, 1, None, &raw mut chan) }, ORION_INVALID, "{size} {align}");
    }
    // SAFETY: refused: there is no place for the handle.
    assert_eq!(unsafe { orion_chan_new(8, 8, 1, None, std::ptr::null_mut()) }, ORION_INVALID);
    // SAFETY: `chan` may be written.
    assert_eq!(unsafe { orion_chan_new(16, 16, 1, None, &raw mut chan) }, ORION_OK);
    let bytes = [0u64; 4];
    let misaligned = (&raw const bytes).cast::<u8>().wrapping_add(8 - (&raw const bytes).addr() % 16);
    // SAFETY: refused: not aligned to 16.
    assert_eq!(unsafe { orion_chan_send(chan, misaligned.cast()) }, ORION_INVALID);
    assert_eq!(orion_chan_release(chan), ORION_OK);
    assert_eq!(orion_abi_version(), 1);
}
