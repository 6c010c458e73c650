#include "capi/src/reports.h"

#include <algorithm>
#include <utility>

#include "core/base/uuid.h"

namespace duetime::capi {
namespace {

Json time_or_null(std::optional<Instant> time) { return time ? Json(to_string(*time)) : Json(nullptr); }

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

Json to_json(const DurationHistogram& histogram) {
  Json buckets = Json::array();
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    const bool is_last = i == DurationHistogram::kBoundsUs.size();
    buckets.push_back(Json{{"at_most_us", is_last ? Json(nullptr) : Json(DurationHistogram::kBoundsUs[i])},
                           {"count", histogram.counts[i]}});
  }
  return Json{{"count", histogram.count},
              {"sum_us", histogram.sum.count()},
              {"max_us", histogram.max.count()},
              {"buckets", std::move(buckets)}};
}

Json to_json(const RunCounts& runs) {
  Json numbers = Json::object();
  for (const auto& [name, number] : kRunCountNames) numbers[name] = runs.*number;
  return numbers;
}

}  // namespace

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

Duration lag_of(const LaneHealth& lane, Instant now) {
  if (!lane.alive || !lane.next_wakeup) return Duration::zero();
  return std::max(Duration::zero(), now - *lane.next_wakeup);
}

Json statistics_report(const Health& health) {
  Json stores = Json::array();
  for (const LaneHealth& lane : health.lanes) {
    stores.push_back(Json{{"store", lane.store},
                          {"runs", to_json(lane.runs)},
                          {"lateness", to_json(lane.runs.lateness)},
                          {"duration", to_json(lane.runs.durations)}});
  }
  return Json{{"node", to_string(health.node)}, {"stores", std::move(stores)}};
}

Json health_report(const Health& health, Instant now) {
  Json stores = Json::array();
  for (const LaneHealth& lane : health.lanes) stores.push_back(to_json(lane, now));
  return Json{{"node", to_string(health.node)},
              {"state", name_of(health.state)},
              {"dropped_events", health.dropped_events},
              {"stores", std::move(stores)}};
}

Json sql_report(const SqlStatements& statements) {
  Json report = Json::array();
  for (const SqlStatement& each : statements) {
    report.push_back(
        Json{{"sql", each.sql}, {"parameters", each.parameters}, {"must_change", each.must_change}});
  }
  return report;
}

}  // namespace duetime::capi
