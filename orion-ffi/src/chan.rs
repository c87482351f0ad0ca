//! Channels in the C ABI: `orion_chan_*` and `orion_op_status`.
//!
//! ```text
//!   called from a frame:  ready -> ORION_OK, ORION_CLOSED      else record the intent -> ORION_PENDING   (E1)
//!   called from a thread: ready -> ORION_OK, ORION_CLOSED      else block, running tasks meanwhile       (E3)
//! ```
//!
//! Invariants
//! 1. Every handle is looked up before use; one that is null, foreign or stale gives `ORION_INVALID` (or false).
//! 2. The table's lock is not held while a channel is used: the operation works on a handle of its own.

use crate::abi::{ORION_CLOSED, ORION_EMPTY, ORION_FULL, ORION_INVALID, ORION_OK, ORION_PENDING, orion_chan};
use crate::context;
use crate::handle::Table;
use crate::op::{Intent, Op, OpKind};
use crate::wait;
use orion_rt::__ffi::{RawChan, RawTryReceived, RawTrySent};
use std::ffi::{c_char, c_void};

/// Every channel C holds a handle of.
pub(crate) static CHANNELS: Table<RawChan> = Table::new();

/// A destructor of elements, as C writes it and as a channel calls it.
type DropElem = unsafe extern "C" fn(*mut c_void);
type DropInPlace = unsafe extern "C-unwind" fn(*mut u8);

/// The state of a channel, as `orion_chan_inspect` fills it in.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct orion_chan_info {
    /// The channel's identity, unique within the process.
    pub id: u64,
    /// How many values the buffer takes; `UINT64_MAX`: unbounded.
    pub capacity: u64,
    /// How many values are buffered.
    pub len: u64,
    /// How many sends wait.
    pub senders_waiting: u64,
    /// How many receives wait.
    pub receivers_waiting: u64,
    /// How many values were sent so far.
    pub sent: u64,
    /// How many values were received so far.
    pub received: u64,
    /// Whether the channel is closed.
    pub closed: bool,
}

/// A handle of its own of the channel behind `chan`.
pub(crate) fn look_up(chan: *mut orion_chan) -> Option<RawChan> {
    CHANNELS.with(chan.cast(), RawChan::clone)
}

/// Creates a channel of elements of `elem_size` bytes aligned to `elem_align`, buffering `capacity` of them: 0 is a
/// rendezvous, UINT64_MAX unbounded. `drop_elem`, which may be null, is called for each element that is dropped instead of
/// received. `*out` becomes a handle with one reference. `ORION_INVALID`: `out` is null, or no type has this size and
/// alignment.
///
/// # Safety
///
/// `out` is null or may be written; `drop_elem` may be called from any thread; elements may move between threads.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orion_chan_new(
    elem_size: usize,
    elem_align: usize,
    capacity: u64,
    drop_elem: Option<unsafe extern "C" fn(*mut c_void)>,
    out: *mut *mut orion_chan,
) -> i32 {
    if out.is_null() {
        return ORION_INVALID;
    }
    let capacity = (capacity != u64::MAX).then(|| usize::try_from(capacity).unwrap_or(usize::MAX));
    // SAFETY: the two function types differ in what their argument points to and in that the one may unwind, which makes
    // no difference to a caller.
    let drop_elem = drop_elem.map(|f| unsafe { std::mem::transmute::<DropElem, DropInPlace>(f) });
    // SAFETY: promised by the caller.
    let Some(chan) = (unsafe { RawChan::new(elem_size, elem_align, capacity, drop_elem) }) else {
        return ORION_INVALID;
    };
    let handle = CHANNELS.insert(chan);
    // SAFETY: not null, and the caller says it may be written.
    unsafe { out.write(handle.cast()) };
    ORION_OK
}

/// Counts one more reference to the handle. `ORION_INVALID`: no such handle.
#[unsafe(no_mangle)]
pub extern "C" fn orion_chan_retain(chan: *mut orion_chan) -> i32 {
    if CHANNELS.retain(chan.cast()) { ORION_OK } else { ORION_INVALID }
}

/// Gives up one reference to the handle; with the last one the handle is stale. The channel lives on while others hold it,
/// and closes when nobody does. `ORION_INVALID`: no such handle.
#[unsafe(no_mangle)]
pub extern "C" fn orion_chan_release(chan: *mut orion_chan) -> i32 {
    match CHANNELS.release(chan.cast()) {
        Some(last) => {
            drop(last);
            ORION_OK
        }
        None => ORION_INVALID,
    }
}

/// Sends the element at `value`.
///
/// From a frame: `ORION_OK` (sent), `ORION_CLOSED` (the element is still the caller's), or `ORION_PENDING`: the frame now
/// suspends, and asks `orion_op_status` when it is resumed; until then the element belongs to the operation. From a plain
/// thread: blocks instead of returning `ORION_PENDING` (so a Rust task calls the `Chan`'s own methods). `ORION_INVALID`: no
/// such handle, `value` is null or misaligned, or the frame already waits for something.
///
/// # Safety
///
/// `value` points to an element of the channel, in memory that outlives the operation: in the frame.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orion_chan_send(chan: *mut orion_chan, value: *const c_void) -> i32 {
    // SAFETY: promised by the caller.
    unsafe { operate(OpKind::Send, chan, value.cast_mut()) }
}

/// Receives an element into `out`.
///
/// From a frame: `ORION_OK` (received), `ORION_CLOSED` (closed and drained; nothing is written), or `ORION_PENDING`: the
/// frame now suspends, and asks `orion_op_status` when it is resumed; `out` is written before that. From a plain thread:
/// blocks instead of returning `ORION_PENDING` (so a Rust task calls the `Chan`'s own methods). `ORION_INVALID`: no such
/// handle, `out` is null or misaligned, or the frame already waits for something.
///
/// # Safety
///
/// `out` has room for an element of the channel, in memory that outlives the operation: in the frame.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orion_chan_recv(chan: *mut orion_chan, out: *mut c_void) -> i32 {
    // SAFETY: promised by the caller.
    unsafe { operate(OpKind::Recv, chan, out) }
}

/// Sends the element at `value` if that is possible without waiting: `ORION_OK`, `ORION_FULL`, `ORION_CLOSED`, or
/// `ORION_INVALID` (no such handle, `value` null or misaligned). Unless sent, the element is still the caller's.
///
/// # Safety
///
/// `value` points to an element of the channel.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orion_chan_try_send(chan: *mut orion_chan, value: *const c_void) -> i32 {
    match look_up(chan).filter(|chan| fits(chan, value)) {
        // SAFETY: promised by the caller.
        Some(chan) => unsafe { try_now(OpKind::Send, &chan, value.cast_mut()) },
        None => ORION_INVALID,
    }
}

/// Receives an element into `out` if that is possible without waiting: `ORION_OK`, `ORION_EMPTY`, `ORION_CLOSED`, or
/// `ORION_INVALID` (no such handle, `out` null or misaligned).
///
/// # Safety
///
/// `out` has room for an element of the channel.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orion_chan_try_recv(chan: *mut orion_chan, out: *mut c_void) -> i32 {
    match look_up(chan).filter(|chan| fits(chan, out)) {
        // SAFETY: promised by the caller.
        Some(chan) => unsafe { try_now(OpKind::Recv, &chan, out) },
        None => ORION_INVALID,
    }
}

/// Closes the channel: sends fail from now on, receives drain what is buffered and then fail. `ORION_OK`, `ORION_CLOSED`
/// (it was closed already) or `ORION_INVALID`.
#[unsafe(no_mangle)]
pub extern "C" fn orion_chan_close(chan: *mut orion_chan) -> i32 {
    match look_up(chan).map(|chan| chan.close()) {
        Some(true) => ORION_OK,
        Some(false) => ORION_CLOSED,
        None => ORION_INVALID,
    }
}

/// Whether the channel is closed. False for what is no handle.
#[unsafe(no_mangle)]
pub extern "C" fn orion_chan_is_closed(chan: *mut orion_chan) -> bool {
    look_up(chan).is_some_and(|chan| chan.is_closed())
}

/// Names the channel in reports; the `len` bytes at `name` are UTF-8 and are copied. `ORION_INVALID`: no such handle, or no
/// such text.
///
/// # Safety
///
/// `name` is null or points to `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orion_chan_set_name(chan: *mut orion_chan, name: *const c_char, len: usize) -> i32 {
    if name.is_null() {
        return ORION_INVALID;
    }
    // SAFETY: not null, and the caller says it points to so many bytes.
    let bytes = unsafe { std::slice::from_raw_parts(name.cast::<u8>(), len) };
    match (look_up(chan), std::str::from_utf8(bytes)) {
        (Some(chan), Ok(name)) => {
            chan.set_name(name);
            ORION_OK
        }
        _ => ORION_INVALID,
    }
}

/// Writes the channel's state to `out`. `ORION_INVALID`: no such handle, or `out` is null.
///
/// # Safety
///
/// `out` is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orion_chan_inspect(chan: *mut orion_chan, out: *mut orion_chan_info) -> i32 {
    let Some(chan) = look_up(chan).filter(|_| !out.is_null()) else { return ORION_INVALID };
    let info = chan.inspect();
    let info = orion_chan_info {
        id: info.id,
        capacity: info.capacity.map_or(u64::MAX, |capacity| capacity as u64),
        len: info.len as u64,
        senders_waiting: info.senders_waiting as u64,
        receivers_waiting: info.receivers_waiting as u64,
        sent: info.sent,
        received: info.received,
        closed: info.closed,
    };
    // SAFETY: not null, and the caller says it may be written.
    unsafe { out.write(info) };
    ORION_OK
}

/// How the operation ended that had returned `ORION_PENDING` to this frame before its last suspension. `ORION_INVALID`
/// outside a frame, or if there was none. Asking again gives the same answer.
#[unsafe(no_mangle)]
pub extern "C" fn orion_op_status() -> i32 {
    context::current(|context| context.and_then(|context| context.status.get())).unwrap_or(ORION_INVALID)
}

/// Whether `slot` can be an element of `chan`: not null, and aligned.
fn fits(chan: &RawChan, slot: *const c_void) -> bool {
    !slot.is_null() && slot.addr().is_multiple_of(chan.elem_align())
}

/// # Safety
/// As for `Intent::new`.
unsafe fn operate(kind: OpKind, handle: *mut orion_chan, slot: *mut c_void) -> i32 {
    let Some(chan) = look_up(handle).filter(|chan| fits(chan, slot)) else { return ORION_INVALID };
    let in_frame = context::current(|context| context.map(|context| context.intends()));
    if in_frame == Some(true) {
        return ORION_INVALID;
    }
    // A frame whose budget is spent suspends once even if it need not (Y2): the operation begins at the commit.
    if in_frame.is_none() || orion_rt::__ffi::budget_left() {
        // SAFETY: promised by the caller.
        match unsafe { try_now(kind, &chan, slot) } {
            ORION_EMPTY | ORION_FULL => {}
            ended => return ended,
        }
    }
    // SAFETY: promised by the caller.
    let intent = unsafe { Intent::new(kind, chan, handle.addr(), slot.cast()) };
    match in_frame {
        Some(_) => {
            context::current(|context| context.map(|context| context.intend(intent)));
            ORION_PENDING
        }
        None => wait::for_operation(Op::new(intent)),
    }
}

/// # Safety
/// `slot` fits the channel and, for a send, holds an element.
unsafe fn try_now(kind: OpKind, chan: &RawChan, slot: *mut c_void) -> i32 {
    match kind {
        // SAFETY: promised by the caller.
        OpKind::Send => match unsafe { chan.try_send(slot.cast()) } {
            RawTrySent::Sent => ORION_OK,
            RawTrySent::Full => ORION_FULL,
            RawTrySent::Closed => ORION_CLOSED,
        },
        // SAFETY: promised by the caller.
        OpKind::Recv => match unsafe { chan.try_recv(slot.cast()) } {
            RawTryReceived::Received => ORION_OK,
            RawTryReceived::Empty => ORION_EMPTY,
            RawTryReceived::Closed => ORION_CLOSED,
        },
    }
}
