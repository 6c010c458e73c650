// A run is one execution of a job for one scheduled time. A claim is the store's word that this node, and no
// other, may execute the runs it holds; the runs of one claim belong to one job and share one of its
// max_instances slots, executed one after the other (a backlog without coalescing).
//
// docs/run_states.md draws the states.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/uuid.h"
#include "core/jobs/job_record.h"

namespace duetime {

enum class RunState : uint8_t {
  kClaimed,    // a node holds it; started or waiting for a worker
  kSucceeded,  // the task returned
  kFailed,     // the task reported an error, or its worker died
  kMissed,     // too late for its misfire grace, so not executed
  kRefused,    // max_instances were running, so not executed
  kAbandoned,  // its node died or lost the lease, and the job does not ask to run again
};

const char* to_string(RunState state);  // "claimed", "succeeded", ...
std::optional<RunState> parse_run_state(std::string_view text);

struct ClaimedRun {
  Uuid id;
  Instant scheduled_time;  // the job's next_run_time when it was claimed
  Instant fire_time;       // the trigger's instant
  int attempt = 1;         // +1 each time the run is taken over from a dead node
};

// Where a claim stands in a book of its node (core/scheduler/claim_book.h); the book's own. A copy of the
// claim is another claim, which is in no book: another thread may be writing in the first one's.
struct BookPlace {
  BookPlace() = default;
  BookPlace(const BookPlace&) noexcept {}
  BookPlace& operator=(const BookPlace&) noexcept { return *this; }  // NOLINT(cert-oop54-cpp): takes nothing

  mutable std::size_t index = 0;
};

struct Claim {
  JobRecord record;  // as after the claim: next run time advanced, fence raised
  Uuid owner;        // the node
  Uuid claim_id;     // of the claiming call, so that a repeated call finds its own result
  int64_t fence = 0;
  Instant claimed_at;            // by the node's clock
  Instant lease_until;           // on the store's clock
  Duration claimed_boot_time{};  // this node's boot time just before the store was asked (contract P5)
  std::vector<ClaimedRun> runs;  // at least one, oldest first

  BookPlace under_way_place;  // RunsUnderWay's
  BookPlace lease_place;      // LeaseKeeper's
};

using ClaimPtr = std::shared_ptr<const Claim>;

// How one run ended.
struct RunEnd {
  ClaimPtr claim;
  std::size_t run_index = 0;  // into claim->runs
  RunState state = RunState::kSucceeded;
  std::optional<Instant> started_at;  // empty for kMissed
  Instant ended_at;
  std::string error;  // at most kMaxErrorBytes, cut at a character
};

inline constexpr std::size_t kMaxErrorBytes = 8 * 1024;

// A run that takes its node down each time must not walk through the whole cluster.
inline constexpr int kMaxAttempts = 5;

// A run as history keeps it.
struct RunRecord {
  Uuid id;
  std::string job_id;
  std::string task;
  int64_t job_revision = 0;
  Instant scheduled_time;
  int attempt = 1;
  RunState state = RunState::kClaimed;
  Uuid owner;
  int64_t fence = 0;
  std::optional<Instant> lease_until;  // while kClaimed
  Instant claimed_at;
  std::optional<Instant> started_at;
  std::optional<Instant> ended_at;
  std::string error;
};

RunRecord record_of(const Claim& claim, const ClaimedRun& run);  // kClaimed, without its lease
RunRecord record_of(const RunEnd& end);

}  // namespace duetime
