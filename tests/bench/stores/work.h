// What a driver of tests/bench/stores/run can measure. A work is asked again and again, in turn with the same
// work done by others; each time it begins on an empty store.
//
// Threads: one.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace duetime::bench {

// Where the servers are.
struct Places {
  std::string postgresql;  // a URL
  std::string redis;       // a Unix socket
  std::string sqlite;      // a directory
};

struct Work {
  std::string name;  // "PostgreSQL: add one | duetime": what is done, and who does it
  std::function<double()> per_second;
};

using Works = std::vector<Work>;

void add_store_works(Works& works, const Places& places);
void add_scheduler_works(Works& works, const Places& places);
void add_bare_postgresql_works(Works& works, const Places& places);
void add_bare_redis_works(Works& works, const Places& places);
void add_bare_sqlite_works(Works& works, const Places& places);

// Makes passes for half a second.
inline double rate(std::size_t items_per_pass, const std::function<void()>& pass) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  std::chrono::duration<double> taken{};
  std::size_t items = 0;
  for (; taken < std::chrono::milliseconds(500); taken = Clock::now() - begin) {
    pass();
    items += items_per_pass;
  }
  return static_cast<double>(items) / taken.count();
}

// What a job's document weighs.
inline const std::string& sample_document() {
  static const std::string document(300, 'x');
  return document;
}

}  // namespace duetime::bench
