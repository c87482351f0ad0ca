// A C++20 coroutine as an orion task: the least a client needs. The ramp gives a suspended frame whose layout is the one
// the runtime expects (resume, destroy, promise), because C++ and LLVM coroutines share it.
#pragma once

#include <coroutine>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "orion.h"

namespace orion {

template <class T>
struct task {
    struct promise_type {
        T result{};
        task get_return_object() { return task{std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_value(T value) { result = value; }
        void unhandled_exception() { std::abort(); }
    };

    std::coroutine_handle<promise_type> handle;

    void *frame() const { return handle.address(); }

    // Hands the frame to the scheduler; `join` collects it.
    task &spawn() {
        orion_scheduler_spawn(frame());
        return *this;
    }

    // Waits for the frame, takes its result and destroys it.
    T join() {
        orion_scheduler_run_until(frame());
        T result = handle.promise().result;
        handle.destroy();
        return result;
    }
};

// co_await yield{}: goes behind every task that can run.
struct yield : std::suspend_always {};

// An operation that may have to wait: suspends only if it does, and then asks how it ended.
struct operation {
    int32_t status;
    bool await_ready() const noexcept { return status != ORION_PENDING; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    int32_t await_resume() const noexcept { return status == ORION_PENDING ? orion_op_status() : status; }
};

inline operation send(orion_chan *chan, const void *value) { return {orion_chan_send(chan, value)}; }
inline operation recv(orion_chan *chan, void *out) { return {orion_chan_recv(chan, out)}; }

}  // namespace orion
