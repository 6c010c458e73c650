#include <duetime/clock.h>

#include <chrono>
#include <memory>
#include <string>

#include "capi/src/conversions.h"
#include "capi/src/guard.h"
#include "capi/src/handles.h"

using namespace duetime;
using namespace duetime::capi;

namespace {

ManualClock& manual(const Use<duetime_clock>& use) {
  if (auto* const clock = dynamic_cast<ManualClock*>(use->clock.get())) return *clock;
  throw Error(ErrorCode::kUnsupported, "not a manual clock: its time is what its plugin says");
}

void require_not_negative(Duration by) {
  if (by < Duration::zero()) {
    refuse("by is " + std::to_string(by.count()) + " microseconds; expected 0 or more");
  }
}

void require_in_range(Instant now, Duration by) {
  if (checked_add(now, by)) return;
  refuse("by is " + std::to_string(by.count()) + " microseconds, which leads from " + to_string(now) +
         " beyond the year 9999");
}

}  // namespace

duetime_status duetime_clock_create_manual(duetime_time now, duetime_clock** out_clock) {
  return guard([&] {
    duetime_clock*& out = output(out_clock, "out_clock");
    out = make_handle<duetime_clock>(std::make_shared<ManualClock>(required_instant(now, "now")));
  });
}

void duetime_clock_destroy(duetime_clock* clock) { close_handle(clock); }

duetime_status duetime_clock_now(const duetime_clock* clock, duetime_time* out_now) {
  return guard([&] {
    const Use<duetime_clock> use(clock);
    output(out_now, "out_now") = to_micros(use->clock->now());
  });
}

duetime_status duetime_clock_advance(duetime_clock* clock, duetime_duration by) {
  return guard([&] {
    const Use<duetime_clock> use(clock);
    ManualClock& manual_clock = manual(use);
    const Duration duration{by};
    require_not_negative(duration);
    require_in_range(manual_clock.now(), duration);
    manual_clock.advance(duration);
  });
}

duetime_status duetime_clock_set(duetime_clock* clock, duetime_time now) {
  return guard([&] {
    const Use<duetime_clock> use(clock);
    manual(use).set(required_instant(now, "now"));
  });
}
