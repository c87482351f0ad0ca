/* With ORION_WORKERS=2 tasks really run in parallel (V1): each of two tasks waits, without yielding, for the other to
   have started. A hand-made frame: a header, a promise and a state. */
#include <stdatomic.h>

#include "frames.h"

struct meet {
    void (*resume)(void *);
    void (*destroy)(void *);
    int64_t result;
    atomic_int *here;
};

static void resume(void *frame) {
    struct meet *self = frame;
    atomic_fetch_add(self->here, 1);
    while (atomic_load(self->here) < 2) {
    }
    self->result = 21;
    self->resume = NULL;
}

static void *meet(atomic_int *here) {
    struct meet *frame = malloc(sizeof *frame);
    *frame = (struct meet){.resume = resume, .destroy = free, .here = here};
    return frame;
}

int main(void) {
    atomic_int here = 0;
    void *a = meet(&here), *b = meet(&here);
    orion_scheduler_spawn(a);
    orion_scheduler_spawn(b);
    int64_t met = join(a) + join(b);
    int64_t counter = 0;
    printf("met %lld nested %lld spread %lld\n", (long long)met, (long long)join(frame_nest(200)),
           (long long)join(frame_spread(10000, &counter)));
    orion_scheduler_shutdown();
    return 0;
}
