#include "core/scheduler/run_events.h"

#include <cstdio>

#include "core/base/text.h"

namespace duetime {
namespace {

std::string name_of(const JobRecord& record) { return record.job ? record.job->display_name() : record.id; }

// As Python writes a timedelta: 0:00:01.250000.
std::string duration_text(Duration duration) {
  const auto us = duration.count();
  char text[48];
  std::snprintf(text, sizeof text, "%lld:%02lld:%02lld.%06lld", static_cast<long long>(us / 3'600'000'000),
                static_cast<long long>(us / 60'000'000 % 60), static_cast<long long>(us / 1'000'000 % 60),
                static_cast<long long>(us % 1'000'000));
  return text;
}

}  // namespace

RunEvents::RunEvents(std::shared_ptr<const Node> node, std::string store)
    : node_(std::move(node)), store_(std::move(store)) {}

Event RunEvents::about(uint64_t code, const std::string& job_id) const {
  Event event;
  event.code = code;
  event.job_id = job_id;
  event.store = store_;
  return event;
}

Event RunEvents::about(uint64_t code, const Claim& claim, const ClaimedRun& run) const {
  Event event = about(code, claim.record.id);
  event.scheduled_times = {run.scheduled_time};
  event.run_id = to_string(run.id);
  event.attempt = run.attempt;
  return event;
}

void RunEvents::submitted(const Claim& claim) const {
  if (!wants(kJobSubmitted)) return;
  Event event = about(kJobSubmitted, claim.record.id);
  for (const ClaimedRun& run : claim.runs) event.scheduled_times.push_back(run.scheduled_time);
  post(std::move(event));
}

void RunEvents::not_submitted(const Claim& claim, const std::string& reason) const {
  log(LogLevel::kError, "Error submitting job \"" + name_of(claim.record) + "\" to executor \"" +
                            claim.record.job->executor + "\": " + reason);
  Event event = about(kJobSubmitError, claim.record.id);
  for (const ClaimedRun& run : claim.runs) event.scheduled_times.push_back(run.scheduled_time);
  event.error = reason;
  post(std::move(event));
}

void RunEvents::recovered(const Claim& claim) const {
  statistics_->add(&RunCounts::recovered, claim.runs.size());
  for (const ClaimedRun& run : claim.runs) post(about(kJobRecovered, claim, run));
}

void RunEvents::ended(const RunEnd& end, const TaskOutcome& outcome) const {
  const ClaimedRun& run = end.claim->runs[end.run_index];
  count(end);
  if (end.state == RunState::kRefused) return refused(end.claim->record, {run.scheduled_time});
  const uint64_t code = end.state == RunState::kSucceeded ? kJobExecuted
                        : end.state == RunState::kMissed  ? kJobMissed
                                                          : kJobError;
  if (code == kJobMissed) {
    log(LogLevel::kWarning, "Run time of job \"" + name_of(end.claim->record) + "\" was missed by " +
                                duration_text(end.ended_at - run.scheduled_time));
  }
  if (!wants(code)) return;
  Event event = about(code, *end.claim, run);
  event.error_kind = outcome.error_kind;
  event.error = outcome.error_message;
  event.traceback = outcome.traceback;
  event.result = outcome.result;
  event.count = code == kJobMissed ? 1 : 0;
  post(std::move(event));
}

// Those that are refused are counted where that is told.
void RunEvents::count(const RunEnd& end) const {
  if (end.state == RunState::kMissed) statistics_->add(&RunCounts::missed);
  if (end.state == RunState::kFailed && !end.started_at) statistics_->add(&RunCounts::failed);
  if (!end.started_at) return;
  const Instant scheduled = end.claim->runs[end.run_index].scheduled_time;
  statistics_->ran(end.state == RunState::kSucceeded, *end.started_at - scheduled,
                   end.ended_at - *end.started_at);
}

void RunEvents::lost(const Claim& claim, const ClaimedRun& run) const {
  statistics_->add(&RunCounts::lost);
  log(LogLevel::kWarning, "Job \"" + name_of(claim.record) + "\": the lease of its run at " +
                              to_string(run.scheduled_time) + " had ended");
  post(about(kRunLost, claim, run));
}

void RunEvents::skipped(const SkippedJob& job) const {
  if (!job.plan.missed.empty()) missed(job.record, job.plan);
  if (job.plan.outcome == RunPlan::Outcome::kRefused || job.plan.outcome == RunPlan::Outcome::kDeferred) {
    std::vector<Instant> times;
    for (const PlannedRun& run : job.plan.runs) times.push_back(run.scheduled_time);
    refused(job.record, times);
  }
  if (job.plan.outcome == RunPlan::Outcome::kBroken) broken(job.record, job.plan);
  if (job.removed) removed(job.record.id);
}

// As APScheduler, one event for each missed time; those that were only counted are in the last one's count.
void RunEvents::missed(const JobRecord& record, const RunPlan& plan) const {
  statistics_->add(&RunCounts::missed, static_cast<uint64_t>(plan.missed_count));
  std::string message = "Run time of job \"" + name_of(record) + "\" was missed by " +
                        duration_text(node_->clock->now() - plan.missed.front());
  if (plan.missed_count > 1) {
    message +=
        " (" + std::to_string(plan.missed_count) + (plan.missed_count_is_exact ? "" : " or more") + " runs)";
  }
  log(LogLevel::kWarning, message);
  if (!wants(kJobMissed)) return;
  for (std::size_t i = 0; i < plan.missed.size(); ++i) {
    Event event = about(kJobMissed, record.id);
    event.scheduled_times = {plan.missed[i]};
    const bool last = i + 1 == plan.missed.size();
    event.count = last ? plan.missed_count - static_cast<int64_t>(i) : 1;
    post(std::move(event));
  }
}

void RunEvents::refused(const JobRecord& record, const std::vector<Instant>& times) const {
  statistics_->add(&RunCounts::refused, times.size());
  log(LogLevel::kWarning, "Execution of job \"" + name_of(record) +
                              "\" skipped: maximum number of running instances reached (" +
                              std::to_string(record.job->max_instances) + ")");
  if (!wants(kJobMaxInstances)) return;
  Event event = about(kJobMaxInstances, record.id);
  event.scheduled_times = times;
  event.count = static_cast<int64_t>(times.size());
  post(std::move(event));
}

void RunEvents::broken(const JobRecord& record, const RunPlan& plan) const {
  log(LogLevel::kError, "Job \"" + name_of(record) + "\" is paused, its trigger failed: " + plan.error);
  Event event = about(kJobTriggerError, record.id);
  event.error = plan.error;
  post(std::move(event));
}

void RunEvents::abandoned(const AbandonedRun& abandoned) const {
  const RunRecord& run = abandoned.run;
  statistics_->add(&RunCounts::abandoned);
  log(LogLevel::kWarning, "Job " + in_quotes(run.job_id) + ": its run at " + to_string(run.scheduled_time) +
                              " was abandoned, its node is gone");
  Event event = about(kJobAbandoned, run.job_id);
  event.scheduled_times = {run.scheduled_time};
  event.run_id = to_string(run.id);
  event.attempt = run.attempt;
  post(std::move(event));
  if (abandoned.job_removed) removed(run.job_id);
}

void RunEvents::removed(const std::string& job_id) const {
  if (wants(kJobRemoved)) post(about(kJobRemoved, job_id));
}

void RunEvents::parked(const std::string& job_id, const std::string& reason) const {
  log(LogLevel::kError, "Job " + in_quotes(job_id) + " is parked on this node: " + reason);
  Event event = about(kJobParked, job_id);
  event.error = reason;
  post(std::move(event));
}

void RunEvents::store_failed(const std::string& error) const {
  log(LogLevel::kWarning, "Error in job store '" + store_ + "': " + error);
  Event event = about(kStoreError, "");
  event.alias = store_;
  event.error = error;
  post(std::move(event));
}

void RunEvents::store_recovered() const {
  log(LogLevel::kInfo, "Job store '" + store_ + "' answers again");
  Event event = about(kStoreRecovered, "");
  event.alias = store_;
  post(std::move(event));
}

void RunEvents::clock_changed() const {
  log(LogLevel::kWarning, "The wall clock was set; due times are judged anew");
  post(about(kClockChanged, ""));
}

void RunEvents::log(LogLevel level, const std::string& message) const {
  node_->log->write(level, "scheduler", message);
}

}  // namespace duetime
