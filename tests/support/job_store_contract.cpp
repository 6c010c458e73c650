#include "tests/support/job_store_contract.h"

#include "core/triggers/interval.h"

namespace duetime {
namespace {

constexpr Duration kMinute = std::chrono::minutes(1);

Duration seconds_of(double seconds) { return Duration{static_cast<int64_t>(seconds * 1e6)}; }

RunPlan run_now(const JobPosition& position) {
  RunPlan plan;
  plan.runs = {{*position.next_run_time, position.fire_time.value_or(*position.next_run_time)}};
  return plan;
}

}  // namespace

Instant at(double seconds) {
  static const Instant start = parse_instant("2026-01-05T09:00:00Z", "start");
  return start + seconds_of(seconds);
}

CallTime call_time(double seconds) { return {at(seconds), seconds_of(1e6) + seconds_of(seconds)}; }

Job minutely_job(const std::string& id) {
  IntervalRule rule{};
  rule.interval = kMinute;
  rule.start = at(0);
  Job job;
  job.id = id;
  job.task = "tests:task";
  job.payload = {"json", R"({"args":[1]})", nullptr};
  job.trigger = make_interval_trigger(rule);
  return job;
}

NewJob scheduled(const Job& job, double seconds) {
  NewJob added{std::make_shared<const Job>(job), {}};
  added.position.status = JobStatus::kScheduled;
  added.position.next_run_time = at(seconds);
  added.position.fire_time = at(seconds);
  return added;
}

NewJob paused(const Job& job) { return {std::make_shared<const Job>(job), {}}; }

RunPlan run_minutely(const Job&, const JobPosition& position, Instant, int) {
  RunPlan plan = run_now(position);
  plan.next_run_time = *position.next_run_time + kMinute;
  plan.next_fire_time = plan.next_run_time;
  return plan;
}

RunPlan run_once(const Job&, const JobPosition& position, Instant, int) {
  RunPlan plan = run_now(position);
  plan.next_status = JobStatus::kFinishing;
  return plan;
}

JobStoreContract::JobStoreContract() {
  stores_.push_back(GetParam().make(directory()));
  store().open();
}

JobStorePtr JobStoreContract::another_node() {
  stores_.push_back(GetParam().make(directory()));
  stores_.back()->open();
  return stores_.back();
}

ClaimRequest JobStoreContract::request(double seconds, std::size_t limit) {
  return request_of(owner_, seconds, limit);
}

ClaimRequest JobStoreContract::request_of(const Uuid& owner, double seconds, std::size_t limit) {
  ClaimRequest request;
  request.owner = owner;
  request.claim_id = make_uuid();
  request.time = call_time(seconds);
  request.boot_id = "boot-1";
  request.lease = kLease;
  request.limit = limit;
  request.exclusions = &exclusions_;
  return request;
}

ClaimPtr JobStoreContract::claim_one(double seconds, const RunPlanner& planner) {
  const ClaimResult result = store().claim_due(request(seconds), planner);
  EXPECT_EQ(result.claims.size(), 1u);
  return result.claims.at(0);
}

std::vector<CompletionResult> JobStoreContract::complete(const ClaimPtr& claim, double seconds,
                                                         RunState state) {
  std::vector<RunEnd> ends;
  for (std::size_t i = 0; i < claim->runs.size(); ++i) ends.push_back(end_of(claim, i, state, seconds));
  return store().complete(ends, call_time(seconds));
}

std::vector<RunRecord> JobStoreContract::runs(std::optional<RunState> state) {
  RunFilter filter;
  filter.state = state;
  return store().list_runs(filter);
}

RunEnd end_of(const ClaimPtr& claim, std::size_t index, RunState state, double seconds) {
  return {claim, index, state, at(seconds), at(seconds), state == RunState::kFailed ? "ValueError: x" : ""};
}

std::vector<std::string> ids_of(const std::vector<JobRecord>& records) {
  std::vector<std::string> ids;
  for (const JobRecord& record : records) ids.push_back(record.id);
  return ids;
}

std::vector<std::string> ids_of(const std::vector<ClaimPtr>& claims) {
  std::vector<std::string> ids;
  for (const ClaimPtr& claim : claims) ids.push_back(claim->record.id);
  return ids;
}

ErrorCode error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_FALSE(std::string(error.what()).empty());
    return error.code();
  }
  ADD_FAILURE() << "no error";
  return ErrorCode::kInternal;
}

}  // namespace duetime
