/* What must end the process, chosen by the first argument (V7). */
#include <pthread.h>
#include <string.h>

#include "frames.h"

static void *first, *second;

/* Sends once a receiver waits, having looked for it without a pause. */
static void *rescue(void *chan) {
    int64_t value = 7;
    while (orion_chan_try_send(chan, &value) != ORION_OK) {
    }
    return NULL;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    int64_t counter = 0;
    if (strcmp(what, "cycle") == 0) {
        first = frame_join(&second);
        second = frame_join(&first);
        orion_scheduler_spawn(first); /* its join drives the second, which was never spawned (V4) */
        orion_scheduler_run();
    } else if (strcmp(what, "channel") == 0) {
        orion_chan *chan = NULL;
        orion_chan_new(8, 8, 0, NULL, &chan);
        void *frame = frame_first(chan);
        orion_scheduler_spawn(frame);
        orion_scheduler_run_until(frame);
    } else if (strcmp(what, "main") == 0) {
        orion_chan *chan = NULL;
        orion_chan_new(8, 8, 0, NULL, &chan);
        orion_chan_set_name(chan, "nobody", 6);
        orion_chan_recv(chan, &counter);
    } else if (strcmp(what, "both") == 0) {
        /* main sends on one channel, a task receives from another */
        orion_chan *one = NULL, *other = NULL;
        orion_chan_new(8, 8, 0, NULL, &one);
        orion_chan_new(8, 8, 0, NULL, &other);
        orion_scheduler_spawn(frame_first(one));
        orion_chan_send(other, &counter);
    } else if (strcmp(what, "rescue") == 0) {
        orion_chan *chan = NULL;
        orion_chan_new(8, 8, 0, NULL, &chan);
        pthread_t thread;
        pthread_create(&thread, NULL, rescue, chan);
        void *frame = frame_first(chan);
        orion_scheduler_spawn(frame);
        printf("rescued %lld\n", (long long)join(frame));
        pthread_join(thread, NULL);
    } else if (strcmp(what, "itself") == 0) {
        first = frame_join(&first);
        orion_scheduler_spawn(first);
        orion_scheduler_run_until(first);
    } else if (strcmp(what, "two") == 0) {
        void *awaited = frame_count(&counter, 1000000000);
        orion_scheduler_spawn(awaited);
        orion_scheduler_spawn(frame_join(&awaited));
        orion_scheduler_spawn(frame_join(&awaited));
        orion_scheduler_run();
    } else if (strcmp(what, "null") == 0) {
        orion_scheduler_spawn(NULL);
    } else if (strcmp(what, "misaligned") == 0) {
        orion_scheduler_run_until((char *)frame_count(&counter, 0) + 1);
    } else if (strcmp(what, "twice") == 0) {
        void *frame = frame_count(&counter, 3);
        orion_scheduler_spawn(frame);
        orion_scheduler_spawn(frame);
    }
    puts("survived");
    return 0;
}
