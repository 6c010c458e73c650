#include "core/jobstores/record_session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/base/error.h"

namespace duetime {
namespace {

constexpr Duration kClockAskedEvery = std::chrono::seconds(10);
constexpr std::size_t kKeysAtOnce = 1'000;
constexpr std::size_t kMostHistory = 1'000'000;

const Json& rows_in(const Json& answer, const char* name) {
  static const Json none = Json::array();
  const auto rows = answer.find(name);
  if (rows == answer.end()) return none;
  if (rows->is_array()) return *rows;
  throw Error(ErrorCode::kStoreCorrupt, std::string("the answer's \"") + name + "\" is no list");
}

template <typename Row, typename Read>
std::vector<Row> readable(const Json& rows, Read read) {
  std::vector<Row> all;
  for (const Json& row : rows) {
    if (std::optional<Row> one = read(row)) all.push_back(*std::move(one));
  }
  return all;
}

void give_to(std::vector<RecordedJob>& jobs, std::vector<RecordedClaim>&& claims) {
  std::unordered_map<std::string_view, RecordedJob*> by_id;
  for (RecordedJob& job : jobs) by_id.emplace(job.id, &job);
  for (RecordedClaim& claim : claims) {
    const auto found = by_id.find(claim.job_id);
    if (found != by_id.end()) found->second->claims.push_back(std::move(claim));
  }
}

// Calls visit(part) with at most kKeysAtOnce of the keys.
template <typename Visit>
void in_parts(const std::vector<std::string>& keys, Visit visit) {
  for (std::size_t first = 0; first < keys.size(); first += kKeysAtOnce) {
    const auto begin = keys.begin() + static_cast<std::ptrdiff_t>(first);
    visit(std::vector<std::string>(
        begin, begin + static_cast<std::ptrdiff_t>(std::min(kKeysAtOnce, keys.size() - first))));
  }
}

template <typename Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

Json micros_or_null(std::optional<Instant> instant) { return instant ? Json(to_micros(*instant)) : Json(); }

}  // namespace

std::optional<RecordSession::Reading> RecordSession::fresh_reading(const CallTime& time) const {
  const std::lock_guard lock(mutex_);
  if (!reading_ || !reading_->shared) return reading_;
  const Duration age = time.boot_time - reading_->boot_time;
  return age >= Duration{0} && age < kClockAskedEvery ? reading_ : std::nullopt;
}

// Never ahead of the storage's clock: the answer is dated from when it was here.
Instant RecordSession::now(const CallTime& time) {
  std::optional<Reading> reading = fresh_reading(time);
  if (!reading) {
    const auto asked = std::chrono::steady_clock::now();  // a span, not a time
    const std::optional<Instant> told = storage_.now();
    const auto took = std::chrono::ceil<Duration>(std::chrono::steady_clock::now() - asked);
    reading = told ? Reading{time.boot_time + took, *told, true} : Reading{time.boot_time, time.now, false};
    const std::lock_guard lock(mutex_);
    reading_ = reading;
  }
  return reading->time + (time.boot_time - reading->boot_time);
}

std::vector<RecordedJob> RecordSession::read_jobs(const Json& question) {
  const Json answer = storage_.read(question);
  std::vector<RecordedJob> jobs;
  for (const Json& row : rows_in(answer, "jobs")) jobs.push_back(reader_.job(row));
  give_to(jobs, readable<RecordedClaim>(rows_in(answer, "claims"), read_claim));
  return jobs;
}

std::vector<RecordedClaim> RecordSession::read_claims(const Json& question) {
  return readable<RecordedClaim>(rows_in(storage_.read(question), "claims"), read_claim);
}

std::vector<RunRecord> RecordSession::read_runs(const Json& question) {
  return readable<RunRecord>(rows_in(storage_.read(question), "runs"), read_run);
}

RecordedJobs RecordSession::find_jobs(const std::vector<std::string>& ids) {
  RecordedJobs found;
  for (const std::string& id : ids) found[id].id = found[id].record.id = id;
  in_parts(ids, [&](const std::vector<std::string>& part) {
    const Json answer = storage_.read({{"ask", "jobs"}, {"keys", part}, {"with_claims", 1}});
    for (const Json& row : rows_in(answer, "jobs")) {
      RecordedJob job = reader_.job(row);
      found[job.id] = std::move(job);
    }
    for (RecordedClaim& claim : readable<RecordedClaim>(rows_in(answer, "claims"), read_claim)) {
      const auto job = found.find(claim.job_id);
      if (job != found.end()) job->second.claims.push_back(std::move(claim));
    }
  });
  return found;
}

std::optional<JobRecord> RecordSession::find_job(const std::string& id) {
  std::vector<RecordedJob> jobs =
      read_jobs({{"ask", "jobs"}, {"keys", Json::array({id})}, {"with_claims", 0}});
  return jobs.empty() ? std::nullopt : std::optional(std::move(jobs.front().record));
}

std::vector<RecordedJob> RecordSession::due_jobs(Instant until, const RecordedJob* after, std::size_t limit,
                                                 bool with_claims) {
  const Json behind = after ? Json::array({after->row->at("next_run_time"), after->id}) : Json();
  return read_jobs({{"ask", "due"},
                    {"until", to_micros(until)},
                    {"after", behind},
                    {"limit", std::min(limit, kPage)},
                    {"with_claims", with_claims ? 1 : 0}});
}

std::vector<RecordedJob> RecordSession::list_jobs(const std::optional<std::string>& after,
                                                  std::size_t limit) {
  return read_jobs({{"ask", "list"}, {"after", or_null(after)}, {"limit", std::min(limit, kPage)}});
}

std::size_t RecordSession::count_jobs() {
  const Json answer = storage_.read({{"ask", "count"}});
  const auto count = answer.find("count");
  if (count != answer.end() && count->is_number_unsigned()) return count->get<std::size_t>();
  throw Error(ErrorCode::kStoreCorrupt, "the answer has no \"count\"");
}

std::vector<RecordedClaim> RecordSession::claims_of_jobs(const std::vector<std::string>& ids) {
  std::vector<RecordedClaim> claims;
  in_parts(ids, [&](const std::vector<std::string>& part) {
    for (RecordedClaim& claim : read_claims({{"ask", "claims"}, {"job_ids", part}})) {
      claims.push_back(std::move(claim));
    }
  });
  return claims;
}

std::vector<RecordedClaim> RecordSession::claims_of_call(const Uuid& claim_id) {
  return read_claims({{"ask", "claims"}, {"claim_id", to_string(claim_id)}});
}

std::vector<RecordedClaim> RecordSession::claims_by_lease(const RecordedClaim* after) {
  const Json behind = after ? Json::array({to_micros(after->lease_until), after->key}) : Json();
  return read_claims({{"ask", "claims"}, {"after", behind}, {"limit", kPage}});
}

std::vector<RunRecord> RecordSession::find_runs(const std::vector<std::string>& ids) {
  std::vector<RunRecord> runs;
  in_parts(ids, [&](const std::vector<std::string>& part) {
    for (RunRecord& run : read_runs({{"ask", "runs"}, {"keys", part}})) runs.push_back(std::move(run));
  });
  return runs;
}

std::vector<RunRecord> RecordSession::history(const RunFilter& filter) {
  const std::optional<std::string> state =
      filter.state ? std::optional<std::string>(to_string(*filter.state)) : std::nullopt;
  return read_runs({{"ask", "history"},
                    {"job_id", or_null(filter.job_id)},
                    {"state", or_null(state)},
                    {"scheduled_from", micros_or_null(filter.scheduled_from)},
                    {"scheduled_until", micros_or_null(filter.scheduled_until)},
                    {"limit", std::min(filter.limit, kMostHistory)}});
}

Json RecordSession::old_runs(std::size_t beyond, std::optional<Instant> ended_before) {
  const std::size_t most = INT64_MAX;
  return rows_in(storage_.read({{"ask", "old_runs"},
                                {"beyond", std::min(beyond, most)},
                                {"ended_before", micros_or_null(ended_before)},
                                {"limit", kPage}}),
                 "runs");
}

std::optional<Json> RecordSession::note(const std::string& key) {
  const Json answer = storage_.read({{"ask", "notes"}, {"keys", Json::array({key})}});
  const Json& notes = rows_in(answer, "notes");
  return notes.empty() ? std::nullopt : std::optional(notes.front());
}

Json RecordSession::old_notes(Instant expired_before) {
  return rows_in(
      storage_.read({{"ask", "old_notes"}, {"expired_before", to_micros(expired_before)}, {"limit", kPage}}),
      "notes");
}

}  // namespace duetime
