#include "core/jobstores/redis_rows.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <new>

#include "core/base/error.h"
#include "core/base/json_members.h"
#include "core/base/text.h"

namespace duetime {
namespace {

constexpr const char* kNone = "-";

std::string text_of(std::optional<Instant> instant) {
  return instant ? std::to_string(to_micros(*instant)) : kNone;
}

std::optional<int64_t> number_of(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Words of a line, one after the other.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  std::string_view next(char end = ' ') {
    const std::size_t size = std::min(text_.find(end), text_.size());
    const std::string_view word = text_.substr(0, size);
    text_.remove_prefix(std::min(size + 1, text_.size()));
    return word;
  }

 private:
  std::string_view text_;
};

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kInvalidArgument, why); }

int64_t read_number(std::string_view text, const char* name) {
  const std::optional<int64_t> number = number_of(text);
  if (!number) refuse(std::string(name) + " " + in_quotes(text) + ": expected a number");
  return *number;
}

std::optional<Instant> read_instant(std::string_view text, const char* name) {
  if (text == kNone) return std::nullopt;
  const std::optional<int64_t> micros = number_of(text);
  if (micros && is_valid(from_micros(*micros))) return from_micros(*micros);
  refuse(std::string(name) + " " + in_quotes(text) + ": expected microseconds within the years 1 to 9999");
}

JobStatus read_status(std::string_view word) {
  const std::optional<JobStatus> status = job_status_of(word);
  if (!status) refuse("status " + in_quotes(word) + " is unknown");
  return *status;
}

void require_same(std::string_view in_line, const char* name, const std::string& in_document) {
  if (in_line == in_document) return;
  refuse(std::string(name) + " is " + in_quotes(in_line) + " in the line and " + in_quotes(in_document) +
         " in the document");
}

// Claims select by the line and run by the document: where the two differ, neither is to be trusted.
void read_line(std::string_view line, JobRecord& record) {
  Words words(line);
  JobPosition& position = record.position;
  position.version = read_number(words.next(), "version");
  position.revision = read_number(words.next(), "revision");
  position.fence = read_number(words.next(), "fence");
  const std::string_view status = words.next();
  position.next_run_time = read_instant(words.next(), "next run time");
  position.fire_time = read_instant(words.next(), "fire time");
  const std::string_view executor = words.next('\0');
  const std::string_view task = words.next('\0');
  position.status = read_status(status);
  if ((position.status == JobStatus::kScheduled) != position.next_run_time.has_value()) {
    refuse("status " + in_quotes(status) + " does not go with the next run time " +
           text_of(position.next_run_time));
  }
  if (!record.job) return;
  require_same(record.id, "id", record.job->id);
  require_same(executor, "executor", record.job->executor);
  require_same(task, "task", record.job->task);
}

void mark_unreadable(JobRecord& record, const std::string& why) {
  if (record.unreadable.empty()) record.unreadable = why;
  record.job = nullptr;
}

Uuid read_uuid(std::string_view text) {
  const std::optional<Uuid> uuid = parse_uuid(text);
  if (!uuid) refuse("identity " + in_quotes(text) + ": expected 32 hexadecimal digits");
  return *uuid;
}

// Scores come as the text of a double.
Instant read_score(const RedisValue& score) {
  const double micros = std::strtod(std::string(score.text_or_empty()).c_str(), nullptr);
  const double latest = static_cast<double>(to_micros(kLatestInstant));
  return from_micros(static_cast<int64_t>(std::isnan(micros) ? 0 : std::clamp(micros, -latest, latest)));
}

Instant instant_in(const JsonMembers& members, const char* name) {
  return from_micros(members.integer(name, to_micros(kEarliestInstant), to_micros(kLatestInstant)));
}

std::optional<Instant> optional_instant_in(const JsonMembers& members, const char* name) {
  return members.has(name) ? std::optional(instant_in(members, name)) : std::nullopt;
}

ClaimedRun read_claimed_run(const Json& document) {
  const JsonMembers members(document, "run");
  return {read_uuid(members.text("id")), instant_in(members, "scheduled_time"),
          instant_in(members, "fire_time"), static_cast<int>(members.integer("attempt", 1, INT32_MAX))};
}

void read_claim_document(std::string_view text, std::string_view unended, RedisClaim& claim) {
  const Json document = parse_json(text, "claim");
  const JsonMembers members(document, "claim");
  claim.job_id = members.text("job_id");
  claim.task = members.text("task");
  claim.job_revision = members.integer("job_revision", 0, INT64_MAX);
  claim.claimed_at = instant_in(members, "claimed_at");
  claim.claimed_boot_time = Duration{members.integer("claimed_boot_time", 0, INT64_MAX)};
  const auto runs = document.find("runs");
  if (runs == document.end() || !runs->is_array()) refuse("runs: expected an array");
  for (const Json& run : *runs) {
    ClaimedRun claimed = read_claimed_run(run);
    if (unended.find(to_string(claimed.id)) != std::string_view::npos) claim.runs.push_back(claimed);
  }
  if (claim.runs.empty()) refuse("runs: none that is listed in the claim's line");
}

RedisClaim read_claim(const RedisValue& fence, std::string_view line, const RedisValue& lease) {
  RedisClaim claim;
  claim.fence = fence.integer();
  claim.lease_until = read_score(lease);
  Words words(line);
  claim.owner = read_uuid(words.next());
  claim.claim_id = read_uuid(words.next());
  claim.released = words.next() == "1";
  const std::string_view unended = words.next('\n');
  read_claim_document(line.substr(std::min(line.find('\n') + 1, line.size())), unended, claim);
  return claim;
}

RunRecord read_run(std::string_view text) {
  const Json document = parse_json(text, "run");
  const JsonMembers members(document, "run");
  const std::optional<RunState> state = parse_run_state(members.text("state"));
  if (!state) refuse("state " + in_quotes(members.text("state")) + " is unknown");
  RunRecord run;
  run.id = read_uuid(members.text("id"));
  run.job_id = members.text("job_id");
  run.task = members.text("task");
  run.job_revision = members.integer("job_revision", 0, INT64_MAX);
  run.scheduled_time = instant_in(members, "scheduled_time");
  run.attempt = static_cast<int>(members.integer("attempt", 1, INT32_MAX));
  run.state = *state;
  run.owner = read_uuid(members.text("owner"));
  run.fence = members.integer("fence", 0, INT64_MAX);
  run.claimed_at = instant_in(members, "claimed_at");
  run.started_at = optional_instant_in(members, "started_at");
  run.ended_at = optional_instant_in(members, "ended_at");
  run.error = members.text("error", "");
  return run;
}

}  // namespace

std::string redis_line_rest(const Job& job, const JobPosition& position) {
  return std::string(stored_word(position.status)) + " " + text_of(position.next_run_time) + " " +
         text_of(position.fire_time) + " " + job.executor + '\0' + job.task;
}

std::string redis_due_time(const JobPosition& position) {
  const bool due = position.status == JobStatus::kScheduled && position.next_run_time;
  return due ? text_of(position.next_run_time) : "";
}

JobRecord RedisJobReader::read(std::string_view id, const RedisValue& line, const RedisValue& document) {
  JobRecord record;
  record.id = std::string(id);
  read_document(document, record);
  try {
    read_line(line.text_or_empty(), record);
  } catch (const std::bad_alloc&) {
    throw;  // says nothing about the job
  } catch (const std::exception& error) {
    mark_unreadable(record, error.what());
  }
  return record;
}

void RedisJobReader::read_document(const RedisValue& document, JobRecord& record) {
  try {
    if (document.is_nil()) refuse("the document is missing");
    record.job = documents_.parse(document.text());
  } catch (const std::bad_alloc&) {
    throw;  // says nothing about the job
  } catch (const std::exception& error) {
    mark_unreadable(record, error.what());
  }
}

RunRecord RedisClaim::record(const ClaimedRun& run) const {
  RunRecord record;
  record.id = run.id;
  record.job_id = job_id;
  record.task = task;
  record.job_revision = job_revision;
  record.scheduled_time = run.scheduled_time;
  record.attempt = run.attempt;
  record.state = RunState::kClaimed;
  record.owner = owner;
  record.fence = fence;
  record.lease_until = lease_until;
  record.claimed_at = claimed_at;
  return record;
}

std::optional<RedisClaim> read_redis_claim(const RedisValue& fence, const RedisValue& line,
                                           const RedisValue& lease) {
  try {
    return read_claim(fence, line.text_or_empty(), lease);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string redis_claim_document(const Claim& claim) {
  Json runs = Json::array();
  for (const ClaimedRun& run : claim.runs) {
    runs.push_back({{"id", to_string(run.id)},
                    {"scheduled_time", to_micros(run.scheduled_time)},
                    {"fire_time", to_micros(run.fire_time)},
                    {"attempt", run.attempt}});
  }
  return to_text({{"job_id", claim.record.id},
                  {"task", claim.record.job->task},
                  {"job_revision", claim.record.position.revision},
                  {"claimed_at", to_micros(claim.claimed_at)},
                  {"claimed_boot_time", claim.claimed_boot_time.count()},
                  {"runs", std::move(runs)}});
}

std::string redis_run_ids(const Claim& claim) {
  std::string ids;
  for (const ClaimedRun& run : claim.runs) ids += (ids.empty() ? "" : ",") + to_string(run.id);
  return ids;
}

std::string redis_run_document(const RunRecord& run) {
  Json document{{"id", to_string(run.id)},
                {"job_id", run.job_id},
                {"task", run.task},
                {"job_revision", run.job_revision},
                {"scheduled_time", to_micros(run.scheduled_time)},
                {"attempt", run.attempt},
                {"state", to_string(run.state)},
                {"owner", to_string(run.owner)},
                {"fence", run.fence},
                {"claimed_at", to_micros(run.claimed_at)}};
  if (run.started_at) document["started_at"] = to_micros(*run.started_at);
  if (run.ended_at) document["ended_at"] = to_micros(*run.ended_at);
  if (!run.error.empty()) document["error"] = run.error;
  return to_text(document);
}

std::optional<RunRecord> read_redis_run(const RedisValue& document) {
  try {
    return read_run(document.text_or_empty());
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace duetime
