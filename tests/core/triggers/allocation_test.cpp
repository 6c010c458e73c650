// next_fire_time() is on the path of every run, under a store's lock: it allocates nothing, whatever the
// trigger.
//
// Allocations are counted where the build lets us: a sanitizer tells of each one through its hook, and
// replacing operator new would hide from it who calls free() for what; without a sanitizer operator new is
// replaced.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "core/triggers/registry.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DUETIME_ALLOCATION_HOOKS
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DUETIME_ALLOCATION_HOOKS
#endif

namespace {

// Of this thread; others (the death of an earlier test's scheduler, say) allocate when they like.
thread_local bool is_counting = false;
thread_local int allocations = 0;

void count_allocation() {
  if (is_counting) ++allocations;
}

}  // namespace

#ifdef DUETIME_ALLOCATION_HOOKS

// Of <sanitizer/allocator_interface.h>, which Debian's GCC does not bring.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*,
                                                                             std::size_t),
                                                         void (*free_hook)(const volatile void*));

namespace {

const bool kInstalled =
    __sanitizer_install_malloc_and_free_hooks([](const volatile void*, std::size_t) { count_allocation(); },
                                              [](const volatile void*) {}) != 0;

}  // namespace

#else

// Not inlined: GCC 12 would take free() after new for a mistake of ours.
[[gnu::noinline]] void* operator new(std::size_t size) {
  count_allocation();
  if (void* const memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}

[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

#endif

namespace duetime {
namespace {

template <class Work>
int allocations_of(Work&& work) {
  allocations = 0;
  is_counting = true;
  work();
  is_counting = false;
  return allocations;
}

// 10,000 calls, 51 hours and a bit apart, so that they fall on all hours and close to changes of the clock.
// Half of them ask for what follows `previous`, half for the first fire. Adds up the fires in `out_fires`.
int allocations_by(const char* document, int& out_fires) {
  const TriggerPtr trigger = make_trigger(parse_json(document, "test trigger"));
  const Instant begin = parse_instant("2024-01-01T00:00:00Z", "begin");
  constexpr Duration kStep = std::chrono::hours{51} + std::chrono::seconds{1013};
  return allocations_of([&] {
    for (int i = 0; i < 10'000; ++i) {
      const Instant now = begin + i * kStep;
      const std::optional<Instant> previous = i % 2 == 0 ? std::optional(now) : std::nullopt;
      out_fires += trigger->next_fire_time(previous, now).has_value() ? 1 : 0;
    }
  });
}

class Allocation : public testing::TestWithParam<const char*> {};

TEST_P(Allocation, NoneByNextFireTime) {
  int fires = 0;
  EXPECT_EQ(allocations_by(GetParam(), fires), 0);
  EXPECT_GT(fires, 0);
}

constexpr const char* kTriggers[] = {
    R"({"type": "date", "run_time": "2026-11-23T09:00:00Z"})",
    R"({"type": "interval", "interval_us": 7000000, "start": "2020-01-01T00:00:00Z"})",
    R"({"type": "cron", "fields": {"minute": "*/5"}, "timezone": "America/New_York", "dst": "apscheduler"})",
    R"({"type": "cron", "fields": {"hour": "2", "minute": "30"}, "timezone": "America/New_York", "dst": "vixie"})",
    R"({"type": "cron", "fields": {"day": "last sun", "week": "1-40"}, "timezone": "Europe/Berlin", "dst": "skip"})",
    R"({"type": "cron", "fields": {"day": "29", "month": "2", "year": "2000-2400"}, "timezone": "UTC"})",
    R"({"type": "rrule", "rrule": "FREQ=HOURLY;INTERVAL=7;BYDAY=MO", "dtstart": "1997-09-02T09:00:00",
        "timezone": "America/New_York", "exdates": ["2026-03-09"], "rdates": ["2026-03-08T02:30:00"]})",
    R"({"type": "rrule", "rrule": "FREQ=YEARLY;BYDAY=-1FR,MO;BYHOUR=1,2;BYSETPOS=2,-1", "dtstart": "1997-09-02T09:00:00"})",
    R"({"type": "rrule", "rrule": "FREQ=DAILY;BYHOUR=1,2;BYSETPOS=-1", "dtstart": "1997-09-02T09:00:00"})",
    R"({"type": "calendar_interval", "months": 1, "time": "02:30", "start_date": "2024-01-31",
        "timezone": "America/New_York"})",
    R"({"type": "or", "triggers": [{"type": "cron", "fields": {"hour": "2"}},
                                   {"type": "interval", "interval_us": 60000000}]})",
    R"({"type": "and", "triggers": [{"type": "cron", "fields": {"day": "13"}, "timezone": "America/New_York"},
                                    {"type": "cron", "fields": {"day_of_week": "fri"},
                                     "timezone": "America/New_York"}]})",
    R"({"type": "not", "trigger": {"type": "cron", "fields": {"hour": "*"}, "timezone": "America/New_York"},
        "triggers": [{"type": "cron", "fields": {"hour": "2-4"}, "timezone": "Europe/Berlin"}]})",
};

INSTANTIATE_TEST_SUITE_P(Triggers, Allocation, testing::ValuesIn(kTriggers));

TEST(AllocationCount, NoneByARuleThatNeverFires) {
  int fires = 0;
  EXPECT_EQ(allocations_by(R"({"type": "cron", "fields": {"day": "30", "month": "2"}})", fires), 0);
  EXPECT_EQ(fires, 0);
}

TEST(AllocationCount, IsSeenByTheCounter) {
  EXPECT_GT(allocations_of([] { ::operator delete(::operator new(100)); }), 0);
}

}  // namespace
}  // namespace duetime
