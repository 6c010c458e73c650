// An open MongoDB store: the connection, the collections' names, the counter and the clock.
//
// Threads: any.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>

#include "core/jobstores/mongodb_clock.h"
#include "core/jobstores/mongodb_connection.h"
#include "core/jobstores/stored_jobs.h"

namespace duetime {

inline constexpr int64_t kMongoSchemaVersion = 1;

struct MongoNames {
  explicit MongoNames(const std::string& prefix);

  std::string meta;
  std::string jobs;
  std::string runs;
};

class MongoSession {
 public:
  // Connects and makes or checks the collections. Throws as JobStore::open() does.
  explicit MongoSession(const MongoStoreOptions& options);

  // `count` new numbers for revisions, versions and fences; answers the first. To be drawn after the document
  // that gets one was read, and before it is written where its version is still the one read: so the numbers
  // of a job only grow.
  int64_t draw(std::size_t count = 1);

  // Whether another node has drawn a number since the last call, or lately: what the number was drawn for is
  // written afterwards, so who has looked at once looks again.
  bool drain_changes();

  Instant now(const CallTime& time) { return clock_.now(connection, time); }

  // Throws what job_from_text() throws.
  JobPtr parse(std::string_view document);

  MongoConnection connection;
  const MongoNames names;

 private:
  int64_t counter();
  bool has_changed();

  MongoClock clock_;
  std::mutex mutex_;
  JobDocumentCache documents_;
  int64_t seen_ = 0;         // the counter as of drain_changes(), moved on by what we draw ourselves
  int calls_since_ = 1'000;  // of drain_changes(), after the last change
};

}  // namespace duetime
