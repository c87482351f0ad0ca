/* The six v1 functions under load, with frames lowered from frames.ll (V1, V2, V4, V5). */
#include "frames.h"

enum { MILLION = 1000000 };

static void **frames;

/* V5: a million spawned frames all run; their memory is collected afterwards. */
static void million(void) {
    int64_t counter = 0;
    for (int i = 0; i < MILLION; i++) orion_scheduler_spawn(frames[i] = frame_count(&counter, 0));
    orion_scheduler_run();
    for (int i = 0; i < MILLION; i++) destroy(frames[i]);
    printf("million %lld\n", (long long)counter);
}

/* V4, F2: the allocator hands out the same address again and again, and no two tasks are confused. */
static void reuse(void) {
    int64_t wrong = 0;
    void *last = NULL;
    int same = 0;
    for (int64_t i = 0; i < 100000; i++) {
        void *frame = frame_square(i, i & 1);
        same += frame == last;
        last = frame;
        orion_scheduler_spawn(frame);
        wrong += join(frame) != i * i;
    }
    printf("reuse wrong %lld, addresses %s\n", (long long)wrong, same > 0 ? "came back" : "differ");
}

int main(void) {
    frames = malloc(MILLION * sizeof *frames);
    million();
    reuse();
    printf("nested %lld\n", (long long)join(frame_nest(1000)));

    /* V2: `run` inside a task waits for that task's own descendants, and other tasks go on meanwhile. */
    int64_t counter = 0;
    void *spread = frame_spread(1000, &counter);
    orion_scheduler_spawn(spread);
    printf("spread %lld\n", (long long)join(spread));

    /* V4: joining a frame that is done already returns at once. */
    void *done = frame_square(9, 0);
    orion_scheduler_spawn(done);
    orion_scheduler_run();
    printf("done %lld\n", (long long)join(done));

    /* V5: shutdown, then init: a clean start. A task that never ran is destroyed by the shutdown. */
    orion_scheduler_spawn(frame_count(&counter, 5));
    orion_scheduler_shutdown();
    orion_scheduler_shutdown();
    orion_scheduler_init();
    orion_scheduler_init();
    void *again = frame_square(12, 3);
    orion_scheduler_spawn(again);
    printf("again %lld\n", (long long)join(again));
    orion_scheduler_shutdown();
    free(frames);
    return 0;
}
