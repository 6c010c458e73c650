#include "core/jobs/run.h"

#include <array>

namespace duetime {
namespace {

struct Name {
  RunState state;
  const char* text;
};

constexpr std::array kNames = {
    Name{RunState::kClaimed, "claimed"}, Name{RunState::kSucceeded, "succeeded"},
    Name{RunState::kFailed, "failed"},   Name{RunState::kMissed, "missed"},
    Name{RunState::kRefused, "refused"}, Name{RunState::kAbandoned, "abandoned"},
};

}  // namespace

const char* to_string(RunState state) {
  for (const Name& name : kNames) {
    if (name.state == state) return name.text;
  }
  return "unknown";
}

std::optional<RunState> parse_run_state(std::string_view text) {
  for (const Name& name : kNames) {
    if (name.text == text) return name.state;
  }
  return std::nullopt;
}

RunRecord record_of(const Claim& claim, const ClaimedRun& run) {
  RunRecord record;
  record.id = run.id;
  record.job_id = claim.record.id;
  record.task = claim.record.job->task;
  record.job_revision = claim.record.position.revision;
  record.scheduled_time = run.scheduled_time;
  record.attempt = run.attempt;
  record.owner = claim.owner;
  record.fence = claim.fence;
  record.claimed_at = claim.claimed_at;
  return record;
}

RunRecord record_of(const RunEnd& end) {
  RunRecord record = record_of(*end.claim, end.claim->runs[end.run_index]);
  record.state = end.state;
  record.started_at = end.started_at;
  record.ended_at = end.ended_at;
  record.error = end.error;
  return record;
}

}  // namespace duetime
