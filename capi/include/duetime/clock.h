/* Clocks for schedulers to live by instead of the system's: one that waits for you, for tests and
 * simulations, and one that you have (plugin.h). Safe from any thread. */
#ifndef DUETIME_CLOCK_H
#define DUETIME_CLOCK_H

#include <duetime/common.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct duetime_clock duetime_clock;

/* Time moves only through advance() and set(). out_clock: freed with duetime_clock_destroy(); schedulers made
 * with it keep what they need. */
DUETIME_API duetime_status duetime_clock_create_manual(duetime_time now, duetime_clock **out_clock);
DUETIME_API void duetime_clock_destroy(duetime_clock *clock);

DUETIME_API duetime_status duetime_clock_now(const duetime_clock *clock, duetime_time *out_now);

/* Time passes. UNSUPPORTED for another clock than a manual one, INVALID_ARGUMENT if `by` is negative or leads
 * out of range. */
DUETIME_API duetime_status duetime_clock_advance(duetime_clock *clock, duetime_duration by);

/* The wall clock is set, forward or back, while no time passes. UNSUPPORTED for another clock than a manual
 * one. */
DUETIME_API duetime_status duetime_clock_set(duetime_clock *clock, duetime_time now);

#ifdef __cplusplus
}
#endif
#endif
