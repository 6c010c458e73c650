// Plays time: a manual clock goes from one due instant to the next, and what is due at each has run to its
// end before time goes on. A year of a cluster in one test, in seconds, and the same each time.
//
// Tasks may run in thread pools or wherever executors run them; they are waited for, in real time.
#pragma once

#include <span>

#include "core/scheduler/scheduler.h"

namespace duetime {

// Moves the clock to `until`, if it is not there or later, and runs everything that is due on the way, last
// at `until`. False if what runs did not end within `timeout`: the clock then stands where it was due, and
// the call may be repeated. Schedulers that do not run, or are shut down on the way, are left out. In a task
// or listener, which could not wait for itself, the clock is moved and nothing else: so a task takes its
// time.
//
// Requires: all are hosted, on this clock, and nobody else calls their run_pending().
bool play(std::span<Scheduler* const> schedulers, ManualClock& clock, Instant until, Duration timeout);

}  // namespace duetime
