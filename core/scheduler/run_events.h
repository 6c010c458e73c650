// What listeners and the log are told about runs. The log texts are those of APScheduler 3, which alert rules
// of its users look for.
#pragma once

#include <string>

#include "core/jobs/task.h"
#include "core/jobstores/job_store.h"
#include "core/scheduler/node.h"
#include "core/scheduler/run_statistics.h"

namespace duetime {

class RunEvents {
 public:
  RunEvents(std::shared_ptr<const Node> node, std::string store);

  void submitted(const Claim& claim) const;
  void not_submitted(const Claim& claim, const std::string& reason) const;
  void recovered(const Claim& claim) const;
  void ended(const RunEnd& end, const TaskOutcome& outcome) const;
  void lost(const Claim& claim, const ClaimedRun& run) const;
  void skipped(const SkippedJob& job) const;
  void abandoned(const AbandonedRun& run) const;
  void removed(const std::string& job_id) const;
  void parked(const std::string& job_id, const std::string& reason) const;
  void store_failed(const std::string& error) const;
  void store_recovered() const;
  void clock_changed() const;

  // What was told so far, in numbers.
  RunCounts statistics() const { return statistics_->read(); }

 private:
  bool wants(uint64_t code) const { return node_->events->wants(code); }
  Event about(uint64_t code, const std::string& job_id) const;
  Event about(uint64_t code, const Claim& claim, const ClaimedRun& run) const;
  void post(Event event) const { node_->events->post(std::move(event)); }
  void count(const RunEnd& end) const;
  void missed(const JobRecord& record, const RunPlan& plan) const;
  void refused(const JobRecord& record, const std::vector<Instant>& times) const;
  void broken(const JobRecord& record, const RunPlan& plan) const;
  void log(LogLevel level, const std::string& message) const;

  std::shared_ptr<const Node> node_;
  std::string store_;
  std::unique_ptr<RunStatistics> statistics_ = std::make_unique<RunStatistics>();
};

}  // namespace duetime
