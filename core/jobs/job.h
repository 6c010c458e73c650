// A job as its author defined it: what to run, when, and within which limits. It never changes once it is
// stored (a modification stores a new Job), so one Job is shared by the store, the planner and every run
// without a copy or a lock. What moves - the next run time - is its JobPosition (job_record.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/triggers/trigger.h"

namespace duetime {

// The arguments of a task. The engine never looks inside: `encoding` says how the language that registered
// the task decodes `data` ("json", "pickle", "cbor", ...).
//
// `live` holds an object of the host language instead (a closure, a Python tuple). It lives and dies with
// this process, so only stores that keep nothing beyond it accept it (StoreTraits::keeps_live_payloads).
struct Payload {
  std::string encoding = "none";  // 1-32 characters [a-z0-9_.-]
  std::string data;               // at most kMaxPayloadBytes
  std::shared_ptr<void> live;
};

struct Job {
  std::string id;    // 1-191 bytes of UTF-8 without NUL; unique in its store
  std::string name;  // for people; empty means the task's name
  std::string task;  // name of a registered callable; "package.module:function" in Python
  Payload payload;
  TriggerPtr trigger;
  std::string executor = "default";

  bool coalesce = true;  // several due fires become one run, the latest
  std::optional<Duration> misfire_grace = std::chrono::seconds(1);  // nullopt: never too late
  int max_instances = 1;                                            // over all nodes that share the store
  bool recover = false;  // run again when the node that ran it died; else the run ends as abandoned

  std::vector<std::string> tags;

  // Members of the stored document that this version does not know; written back unchanged.
  std::shared_ptr<const Json> unknown_members;

  const std::string& display_name() const { return name.empty() ? task : name; }
};

using JobPtr = std::shared_ptr<const Job>;

inline constexpr std::size_t kMaxIdBytes = 191;  // APScheduler's column is Unicode(191)
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{1024} * 1024;

// Every job passes here before it enters a store, wherever it comes from. Throws kInvalidArgument naming the
// member, its value and what was expected.
void validate(const Job& job);

}  // namespace duetime
