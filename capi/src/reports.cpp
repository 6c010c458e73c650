#include "capi/src/reports.h"

#include <algorithm>
#include <limits>

#include "core/base/json_members.h"
#include "core/base/text.h"
#include "core/base/uuid.h"

namespace duetime::capi {
namespace {

const char* name_of(SchedulerState state) {
  switch (state) {
    case SchedulerState::kStopped:
      return "stopped";
    case SchedulerState::kRunning:
      return "running";
    case SchedulerState::kPaused:
      return "paused";
  }
  return "unknown";
}

Json time_or_null(std::optional<Instant> time) { return time ? Json(to_string(*time)) : Json(nullptr); }

Duration lag_of(const LaneHealth& lane, Instant now) {
  if (!lane.alive || !lane.next_wakeup) return Duration::zero();
  return std::max(Duration::zero(), now - *lane.next_wakeup);
}

Json to_json(const LaneHealth& lane, Instant now) {
  return Json{{"store", lane.store},
              {"alive", lane.alive},
              {"last_pass", time_or_null(lane.last_pass)},
              {"next_wakeup", time_or_null(lane.next_wakeup)},
              {"lag_us", lag_of(lane, now).count()},
              {"error", lane.error},
              {"claimed", lane.claimed},
              {"ended", lane.ended},
              {"executing", lane.executing},
              {"parked", lane.parked}};
}

Json to_json(const RunRecord& run) {
  return Json{{"id", to_string(run.id)},
              {"job_id", run.job_id},
              {"task", run.task},
              {"job_revision", run.job_revision},
              {"scheduled_time", to_string(run.scheduled_time)},
              {"attempt", run.attempt},
              {"state", to_string(run.state)},
              {"owner", to_string(run.owner)},
              {"fence", run.fence},
              {"lease_until", time_or_null(run.lease_until)},
              {"claimed_at", to_string(run.claimed_at)},
              {"started_at", time_or_null(run.started_at)},
              {"ended_at", time_or_null(run.ended_at)},
              {"error", run.error}};
}

std::optional<Instant> optional_time(const JsonMembers& members, const char* member) {
  if (!members.has(member)) return std::nullopt;
  return parse_instant(members.text(member), std::string("run filter: ") + member);
}

std::optional<RunState> optional_state(const JsonMembers& members) {
  if (!members.has("state")) return std::nullopt;
  const std::string text = members.text("state");
  if (const std::optional<RunState> state = parse_run_state(text)) return state;
  members.fail("state", "claimed, succeeded, failed, missed, refused or abandoned");
}

}  // namespace

Json health_report(const Health& health, Instant now) {
  Json stores = Json::array();
  for (const LaneHealth& lane : health.lanes) stores.push_back(to_json(lane, now));
  return Json{{"node", to_string(health.node)},
              {"state", name_of(health.state)},
              {"dropped_events", health.dropped_events},
              {"stores", std::move(stores)}};
}

Json run_report(const std::vector<RunRecord>& runs) {
  Json report = Json::array();
  for (const RunRecord& run : runs) report.push_back(to_json(run));
  return report;
}

Json running_report(const std::vector<StoreRun>& runs) {
  Json report = Json::array();
  for (const StoreRun& run : runs) {
    report.push_back(to_json(run.record));
    report.back()["store"] = run.store;
  }
  return report;
}

Json parked_report(const std::vector<ParkedJob>& parked) {
  Json report = Json::array();
  for (const ParkedJob& job : parked) {
    report.push_back(Json{{"store", job.store}, {"id", job.id}, {"reason", job.reason}});
  }
  return report;
}

Json sql_report(const SqlStatements& statements) {
  Json report = Json::array();
  for (const SqlStatement& each : statements) {
    report.push_back(
        Json{{"sql", each.sql}, {"parameters", each.parameters}, {"must_change", each.must_change}});
  }
  return report;
}

RunFilter parse_run_filter(const std::string& text) {
  const Json document = parse_json(text, "run filter");
  const JsonMembers members(document, "run filter");
  members.refuse_unknown({"job_id", "state", "scheduled_from", "scheduled_until", "limit"});
  RunFilter filter;
  if (members.has("job_id")) filter.job_id = members.text("job_id");
  filter.state = optional_state(members);
  filter.scheduled_from = optional_time(members, "scheduled_from");
  filter.scheduled_until = optional_time(members, "scheduled_until");
  const int64_t limit = members.integer("limit", 1, std::numeric_limits<int64_t>::max(), 100);
  filter.limit = static_cast<std::size_t>(limit);
  return filter;
}

}  // namespace duetime::capi
