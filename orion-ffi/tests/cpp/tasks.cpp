// Spawn, yield and join from C++20 coroutines (F1, F3, V1, V2).
#include <cstdio>
#include <vector>

#include "task.hpp"

static int order[8];
static int steps = 0;

static orion::task<int64_t> stepper(int id) {
    order[steps++] = id;
    co_await orion::yield{};
    order[steps++] = id;
    co_return id;
}

static orion::task<int64_t> fib(int64_t n) {
    if (n < 2) co_return n;
    auto a = fib(n - 1);
    auto b = fib(n - 2);
    a.spawn();
    b.spawn();
    co_return a.join() + b.join();
}

struct alignas(16) wide {
    int64_t words[6];
};

static orion::task<wide> wide_result() {
    co_await orion::yield{};
    co_return wide{{1, 2, 3, 4, 5, 6}};
}

int main() {
    // spawn before init works (V1), and tasks take turns (F3)
    auto a = stepper(1), b = stepper(2);
    a.spawn();
    b.spawn();
    int64_t sum = a.join() + b.join();
    std::printf("turns %d%d%d%d sum %lld\n", order[0], order[1], order[2], order[3], (long long)sum);

    std::printf("fib %lld\n", (long long)fib(16).spawn().join());

    // a frame that was never spawned is driven by its join (V4)
    std::printf("unspawned %lld\n", (long long)stepper(3).join());

    wide w = wide_result().spawn().join();
    std::printf("wide %lld\n", (long long)(w.words[0] + w.words[5]));

    std::vector<orion::task<int64_t>> many;
    for (int i = 0; i < 1000; i++) many.push_back(fib(2).spawn());
    orion_scheduler_run();
    int64_t all = 0;
    for (auto &task : many) all += task.join();
    std::printf("many %lld\n", (long long)all);
    orion_scheduler_shutdown();
}
