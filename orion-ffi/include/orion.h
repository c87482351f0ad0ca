/* orion.h: channels and coroutine frames of the orion runtime, for C, C++ and compilers.
 *
 * Generated from the Rust source; do not edit. Link with liborion_runtime.
 *
 * A frame is an LLVM switched-resume or C++20 coroutine: `resume` at +0 (null at the final suspend), `destroy` at +8, the
 * promise at 16 rounded up to its alignment. Called from a frame, an operation that has to wait returns ORION_PENDING: the
 * frame suspends, and only then does the wait begin; after its resumption orion_op_status says how it ended. What an
 * operation points to lies in the frame. Called from a plain thread, the same operation blocks. No function unwinds.
 */

#ifndef ORION_H
#define ORION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ORION_OK = 0,
    ORION_PENDING = 1,
    ORION_CLOSED = 2,
    ORION_CANCELLED = 3,
    ORION_EMPTY = 4,
    ORION_FULL = 5,
    ORION_ELAPSED = 6,
    ORION_INVALID = 7,
    ORION_PANICKED = 8,
    ORION_DEADLOCK = 9
};

// A channel, as a counted handle. Only `orion_` functions can look behind it.
typedef struct orion_chan orion_chan;

// The state of a channel, as `orion_chan_inspect` fills it in.
typedef struct {
    // The channel's identity, unique within the process.
    uint64_t id;
    // How many values the buffer takes; `UINT64_MAX`: unbounded.
    uint64_t capacity;
    // How many values are buffered.
    uint64_t len;
    // How many sends wait.
    uint64_t senders_waiting;
    // How many receives wait.
    uint64_t receivers_waiting;
    // How many values were sent so far.
    uint64_t sent;
    // How many values were received so far.
    uint64_t received;
    // Whether the channel is closed.
    bool closed;
} orion_chan_info;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of this ABI: it stays while the ABI only grows.
uint32_t orion_abi_version(void);

// Starts the process's runtime. Optional and idempotent: every other function starts it if need be.
//
// Tasks run on one thread, the one that first calls the scheduler, while that thread waits in a call; with
// `ORION_WORKERS=n` in the environment they run in parallel on n threads.
void orion_scheduler_init(void);

// Ends the runtime: tasks that are not done are destroyed, threads are joined. A later call starts a new one. To be called
// by no task, and while no thread waits for one.
void orion_scheduler_shutdown(void);

// Makes a task of `frame`. It runs once the caller waits (or at once, by a worker). Whoever joins it with
// `orion_scheduler_run_until` reads its result and destroys it.
//
// A null or misaligned pointer, or a frame that is a task already, is reported and aborts.
//
// # Safety
//
// `frame` is a suspended frame that nobody else resumes or frees before it is done, and it may be resumed on any thread.
void orion_scheduler_spawn(void *frame);

// Returns when `frame` is done. A task that waits here leaves the worker to others; a thread that waits runs tasks
// meanwhile or blocks. A frame that was never spawned is run; one that is done already returns at once.
//
// A null or misaligned pointer, a frame that two wait for at once, and a frame that waits for itself are reported and
// abort. If nothing can run any more, a report goes to stderr and the process exits with status 2.
//
// # Safety
//
// `frame` is a frame that was spawned, or that may be spawned now, and that has not been destroyed.
void orion_scheduler_run_until(void *frame);

// Waits for the tasks that the calling task, or the calling thread, has spawned, directly or not.
//
// If nothing can run any more, a report goes to stderr and the process exits with status 2.
void orion_scheduler_run(void);

// Lets other tasks run: a task goes behind all that can run now, a thread runs each of them once.
void orion_scheduler_yield(void);

// Creates a channel of elements of `elem_size` bytes aligned to `elem_align`, buffering `capacity` of them: 0 is a
// rendezvous, UINT64_MAX unbounded. `drop_elem`, which may be null, is called for each element that is dropped instead of
// received. `*out` becomes a handle with one reference. `ORION_INVALID`: `out` is null, or no type has this size and
// alignment.
//
// # Safety
//
// `out` is null or may be written; `drop_elem` may be called from any thread; elements may move between threads.
int32_t orion_chan_new(size_t elem_size,
                       size_t elem_align,
                       uint64_t capacity,
                       void (*drop_elem)(void*),
                       orion_chan **out);

// Counts one more reference to the handle. `ORION_INVALID`: no such handle.
int32_t orion_chan_retain(orion_chan *chan);

// Gives up one reference to the handle; with the last one the handle is stale. The channel lives on while others hold it,
// and closes when nobody does. `ORION_INVALID`: no such handle.
int32_t orion_chan_release(orion_chan *chan);

// Sends the element at `value`.
//
// From a frame: `ORION_OK` (sent), `ORION_CLOSED` (the element is still the caller's), or `ORION_PENDING`: the frame now
// suspends, and asks `orion_op_status` when it is resumed; until then the element belongs to the operation. From a plain
// thread: blocks instead of returning `ORION_PENDING` (so a Rust task calls the `Chan`'s own methods). `ORION_INVALID`: no
// such handle, `value` is null or misaligned, or the frame already waits for something.
//
// # Safety
//
// `value` points to an element of the channel, in memory that outlives the operation: in the frame.
int32_t orion_chan_send(orion_chan *chan,
                        const void *value);

// Receives an element into `out`.
//
// From a frame: `ORION_OK` (received), `ORION_CLOSED` (closed and drained; nothing is written), or `ORION_PENDING`: the
// frame now suspends, and asks `orion_op_status` when it is resumed; `out` is written before that. From a plain thread:
// blocks instead of returning `ORION_PENDING` (so a Rust task calls the `Chan`'s own methods). `ORION_INVALID`: no such
// handle, `out` is null or misaligned, or the frame already waits for something.
//
// # Safety
//
// `out` has room for an element of the channel, in memory that outlives the operation: in the frame.
int32_t orion_chan_recv(orion_chan *chan, void *out);

// Sends the element at `value` if that is possible without waiting: `ORION_OK`, `ORION_FULL`, `ORION_CLOSED`, or
// `ORION_INVALID` (no such handle, `value` null or misaligned). Unless sent, the element is still the caller's.
//
// # Safety
//
// `value` points to an element of the channel.
int32_t orion_chan_try_send(orion_chan *chan, const void *value);

// Receives an element into `out` if that is possible without waiting: `ORION_OK`, `ORION_EMPTY`, `ORION_CLOSED`, or
// `ORION_INVALID` (no such handle, `out` null or misaligned).
//
// # Safety
//
// `out` has room for an element of the channel.
int32_t orion_chan_try_recv(orion_chan *chan, void *out);

// Closes the channel: sends fail from now on, receives drain what is buffered and then fail. `ORION_OK`, `ORION_CLOSED`
// (it was closed already) or `ORION_INVALID`.
int32_t orion_chan_close(orion_chan *chan);

// Whether the channel is closed. False for what is no handle.
bool orion_chan_is_closed(orion_chan *chan);

// Names the channel in reports; the `len` bytes at `name` are UTF-8 and are copied. `ORION_INVALID`: no such handle, or no
// such text.
//
// # Safety
//
// `name` is null or points to `len` bytes.
int32_t orion_chan_set_name(orion_chan *chan,
                            const char *name,
                            size_t len);

// Writes the channel's state to `out`. `ORION_INVALID`: no such handle, or `out` is null.
//
// # Safety
//
// `out` is null or may be written.
int32_t orion_chan_inspect(orion_chan *chan, orion_chan_info *out);

// How the operation ended that had returned `ORION_PENDING` to this frame before its last suspension. `ORION_INVALID`
// outside a frame, or if there was none. Asking again gives the same answer.
int32_t orion_op_status(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ORION_H */
