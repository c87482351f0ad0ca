// Channels between C++20 coroutines and the main thread (E1, E2, E3).
#include <cstdio>
#include <initializer_list>

#include "task.hpp"

static orion::task<int64_t> producer(orion_chan *out, int64_t n) {
    for (int64_t i = 1; i <= n; i++)
        if (co_await orion::send(out, &i) != ORION_OK) co_return -1;
    co_return n;
}

static orion::task<int64_t> doubler(orion_chan *in, orion_chan *out) {
    int64_t seen = 0, value = 0;
    while (co_await orion::recv(in, &value) == ORION_OK) {
        seen++;
        value *= 2;
        if (co_await orion::send(out, &value) != ORION_OK) break;
    }
    orion_chan_close(out);
    co_return seen;
}

static orion::task<int64_t> closer(orion_chan *chan) {
    co_await orion::yield{};
    co_return orion_chan_close(chan);
}

static orion_chan *chan(uint64_t capacity) {
    orion_chan *made = nullptr;
    if (orion_chan_new(sizeof(int64_t), alignof(int64_t), capacity, nullptr, &made) != ORION_OK) std::abort();
    return made;
}

int main() {
    for (uint64_t capacity : {uint64_t{0}, uint64_t{1}, uint64_t{7}, UINT64_MAX}) {
        orion_chan *in = chan(capacity), *out = chan(capacity);
        auto worker = doubler(in, out);
        auto source = producer(in, 1000);
        worker.spawn();
        source.spawn();
        // main receives as a plain thread: it blocks, and the tasks run meanwhile (E3)
        int64_t sum = 0, value = 0;
        for (int i = 0; i < 1000; i++) {
            int32_t status = orion_chan_recv(out, &value);
            if (status != ORION_OK) std::printf("status %d\n", status);
            sum += value;
        }
        orion_chan_close(in);
        int64_t sent = source.join(), seen = worker.join();
        std::printf("sum %lld sent %lld seen %lld after %d\n", (long long)sum, (long long)sent, (long long)seen,
                    orion_chan_recv(out, &value));
        orion_chan_release(in);
        orion_chan_release(out);
    }
    // a parked receiver learns of the close
    orion_chan *idle = chan(0);
    auto waiting = doubler(idle, idle);
    auto closing = closer(idle);
    waiting.spawn();
    closing.spawn();
    int64_t seen = waiting.join();
    std::printf("closed %lld %lld again %d\n", (long long)seen, (long long)closing.join(), orion_chan_close(idle));
    orion_chan_release(idle);
    // a stale, a null and a foreign handle are told apart from a channel
    int64_t value = 0;
    std::printf("invalid %d %d %d\n", orion_chan_send(idle, &value), orion_chan_recv(nullptr, &value),
                orion_chan_close(reinterpret_cast<orion_chan *>(&value)));
    orion_scheduler_shutdown();
}
