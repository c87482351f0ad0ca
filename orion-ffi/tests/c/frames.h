/* The ramps of tests/ll/frames.ll. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "orion.h"

void *frame_count(int64_t *counter, int64_t yields);
void *frame_square(int64_t n, int64_t yields);
void *frame_nest(int64_t depth);
void *frame_spread(int64_t n, int64_t *counter);
void *frame_join(void **other);
void *frame_first(orion_chan *chan);

static inline int64_t result_of(void *frame) { return *(int64_t *)((char *)frame + 16); }
static inline void destroy(void *frame) { (*(void (**)(void *))((char *)frame + 8))(frame); }

static inline int64_t join(void *frame) {
    orion_scheduler_run_until(frame);
    int64_t result = result_of(frame);
    destroy(frame);
    return result;
}
