#include "core/jobstores/record_rows.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/json_members.h"
#include "core/base/text.h"
#include "core/jobs/job_document.h"

namespace duetime {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kInvalidArgument, why); }

Json json_of(std::optional<Instant> instant) { return instant ? Json(to_micros(*instant)) : Json(); }

Instant instant_in(const JsonMembers& members, const char* name) {
  return from_micros(members.integer(name, to_micros(kEarliestInstant), to_micros(kLatestInstant)));
}

std::optional<Instant> optional_instant_in(const JsonMembers& members, const Json& row, const char* name) {
  const auto found = row.find(name);
  if (found == row.end() || found->is_null()) return std::nullopt;
  return instant_in(members, name);
}

Uuid uuid_in(const JsonMembers& members, const char* name) {
  const std::optional<Uuid> uuid = parse_uuid(members.text(name));
  if (!uuid) members.fail(name, "32 hexadecimal digits");
  return *uuid;
}

JobPosition read_position(const Json& row) {
  const JsonMembers members(row, "job");
  JobPosition position;
  position.version = members.integer("version", 1, INT64_MAX);
  position.revision = members.integer("revision", 0, INT64_MAX);
  position.fence = members.integer("fence", 0, INT64_MAX);
  const std::optional<JobStatus> status = job_status_of(members.text("status"));
  if (!status) members.fail("status", "scheduled, paused or finishing");
  position.status = *status;
  position.next_run_time = optional_instant_in(members, row, "next_run_time");
  position.fire_time = optional_instant_in(members, row, "fire_time");
  if ((position.status == JobStatus::kScheduled) != position.next_run_time.has_value()) {
    members.fail("next_run_time", "one exactly when the status is scheduled");
  }
  return position;
}

// Claims select by the row and run by the document: where the two differ, neither is to be trusted.
void require_same(const Json& row, const Job& job) {
  const JsonMembers members(row, "job");
  const auto require = [&](const char* name, const std::string& in_document) {
    if (members.text(name) != in_document) {
      members.fail(name, in_quotes(in_document) + ", as in the document");
    }
  };
  require("key", job.id);
  require("task", job.task);
  require("executor", job.executor);
}

void mark_unreadable(JobRecord& record, const std::string& why) {
  if (record.unreadable.empty()) record.unreadable = why;
  record.job = nullptr;
}

// Without these nothing can be done about a record, not even leaving it alone.
void require_identity(const Json& row) {
  try {
    const JsonMembers members(row, "job");
    members.text("key");
    members.integer("version", 1, INT64_MAX);
  } catch (const Error& error) {
    throw Error(ErrorCode::kStoreCorrupt, error.what());
  }
}

Json runs_of(const RecordedClaim& claim) {
  Json runs = Json::array();
  for (const ClaimedRun& run : claim.runs) {
    runs.push_back({{"id", to_string(run.id)},
                    {"scheduled_time", to_micros(run.scheduled_time)},
                    {"fire_time", to_micros(run.fire_time)},
                    {"attempt", run.attempt}});
  }
  return runs;
}

std::vector<ClaimedRun> read_claimed_runs(const std::string& text) {
  const Json rows = parse_json(text, "runs");
  if (!rows.is_array() || rows.empty()) refuse("runs: expected a list that is not empty");
  std::vector<ClaimedRun> runs;
  for (const Json& row : rows) {
    const JsonMembers members(row, "run");
    runs.push_back({uuid_in(members, "id"), instant_in(members, "scheduled_time"),
                    instant_in(members, "fire_time"),
                    static_cast<int>(members.integer("attempt", 1, INT32_MAX))});
  }
  return runs;
}

RecordedClaim claim_in(const Json& row) {
  const JsonMembers members(row, "claim");
  RecordedClaim claim;
  claim.key = members.text("key");
  claim.version = members.integer("version", 1, INT64_MAX);
  claim.job_id = members.text("job_id");
  claim.task = members.text("task");
  claim.job_revision = members.integer("job_revision", 0, INT64_MAX);
  claim.owner = uuid_in(members, "owner");
  claim.claim_id = uuid_in(members, "claim_id");
  claim.fence = members.integer("fence", 0, INT64_MAX);
  claim.lease_until = instant_in(members, "lease_until");
  claim.released = members.integer("released", 0, 1) != 0;
  claim.claimed_at = instant_in(members, "claimed_at");
  claim.claimed_boot_time = Duration{members.integer("boot_time", INT64_MIN, INT64_MAX)};
  claim.runs = read_claimed_runs(members.text("runs"));
  return claim;
}

RunRecord run_in(const Json& row) {
  const JsonMembers members(row, "run");
  const std::optional<RunState> state = parse_run_state(members.text("state"));
  if (!state) members.fail("state", "the state of a run");
  RunRecord run;
  run.id = uuid_in(members, "key");
  run.job_id = members.text("job_id");
  run.task = members.text("task");
  run.job_revision = members.integer("job_revision", 0, INT64_MAX);
  run.scheduled_time = instant_in(members, "scheduled_time");
  run.attempt = static_cast<int>(members.integer("attempt", 1, INT32_MAX));
  run.state = *state;
  run.owner = uuid_in(members, "owner");
  run.fence = members.integer("fence", 0, INT64_MAX);
  run.claimed_at = instant_in(members, "claimed_at");
  run.started_at = optional_instant_in(members, row, "started_at");
  run.ended_at = optional_instant_in(members, row, "ended_at");
  run.error = members.text("error");
  return run;
}

}  // namespace

RunRecord RecordedClaim::record(const ClaimedRun& run) const {
  RunRecord record;
  record.id = run.id;
  record.job_id = job_id;
  record.task = task;
  record.job_revision = job_revision;
  record.scheduled_time = run.scheduled_time;
  record.attempt = run.attempt;
  record.owner = owner;
  record.fence = fence;
  record.lease_until = lease_until;
  record.claimed_at = claimed_at;
  return record;
}

int64_t RecordedJob::version() const { return row->at("version").get<int64_t>(); }

int RecordedJob::running_instances() const {
  return static_cast<int>(
      std::ranges::count_if(claims, [](const RecordedClaim& claim) { return !claim.runs.empty(); }));
}

RecordedJob RecordReader::job(const Json& row) {
  require_identity(row);
  RecordedJob job;
  job.id = job.record.id = row.at("key").get<std::string>();
  job.row = row;
  try {
    job.record.job = parse(row);
  } catch (const Error& error) {
    mark_unreadable(job.record, error.what());
  }
  try {
    job.record.position.version = job.version();
    job.record.position = read_position(row);
    if (job.record.job) require_same(row, *job.record.job);
  } catch (const Error& error) {
    mark_unreadable(job.record, error.what());
  }
  return job;
}

JobPtr RecordReader::parse(const Json& row) {
  const auto document = row.find("document");
  if (document == row.end() || !document->is_string()) refuse("the document is no text");
  return documents_.parse(document->get_ref<const std::string&>());
}

Json job_row(const Job& job, const JobPosition& position) {
  const Json row{
      {"key", job.id}, {"task", job.task}, {"executor", job.executor}, {"document", job_to_text(job)}};
  return moved_row(row, position);
}

Json moved_row(const Json& row, const JobPosition& position) {
  Json moved = row;
  moved["version"] = position.version;
  moved["revision"] = position.revision;
  moved["fence"] = position.fence;
  moved["status"] = stored_word(position.status);
  moved["next_run_time"] = json_of(position.next_run_time);
  moved["fire_time"] = json_of(position.fire_time);
  return moved;
}

std::optional<RecordedClaim> read_claim(const Json& row) {
  try {
    return claim_in(row);
  } catch (const Error&) {
    return std::nullopt;
  }
}

Json claim_row(const RecordedClaim& claim) {
  return {{"key", claim.key},
          {"version", claim.version + 1},
          {"job_id", claim.job_id},
          {"task", claim.task},
          {"job_revision", claim.job_revision},
          {"owner", to_string(claim.owner)},
          {"claim_id", to_string(claim.claim_id)},
          {"fence", claim.fence},
          {"lease_until", to_micros(claim.lease_until)},
          {"released", claim.released ? 1 : 0},
          {"claimed_at", to_micros(claim.claimed_at)},
          {"boot_time", claim.claimed_boot_time.count()},
          {"runs", to_text(runs_of(claim))}};
}

std::optional<RunRecord> read_run(const Json& row) {
  try {
    return run_in(row);
  } catch (const Error&) {
    return std::nullopt;
  }
}

Json run_row(const RunRecord& run) {
  return {{"key", to_string(run.id)},
          {"version", 1},
          {"job_id", run.job_id},
          {"task", run.task},
          {"job_revision", run.job_revision},
          {"scheduled_time", to_micros(run.scheduled_time)},
          {"attempt", run.attempt},
          {"state", to_string(run.state)},
          {"owner", to_string(run.owner)},
          {"fence", run.fence},
          {"claimed_at", to_micros(run.claimed_at)},
          {"started_at", json_of(run.started_at)},
          {"ended_at", json_of(run.ended_at)},
          {"error", run.error}};
}

}  // namespace duetime
