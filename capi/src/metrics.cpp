#include "capi/src/metrics.h"

#include <cstdio>
#include <functional>

#include "capi/src/reports.h"

namespace duetime::capi {
namespace {

// As the format asks for in label values.
std::string escaped(const std::string& value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    text += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return text;
}

std::string seconds(Duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%lld.%06lld", static_cast<long long>(duration.count() / 1'000'000),
                static_cast<long long>(duration.count() % 1'000'000));
  return text;
}

std::string store_label(const LaneHealth& lane) { return "store=\"" + escaped(lane.store) + "\""; }

class MetricsText {
 public:
  explicit MetricsText(const Health& health) : health_(health) {}

  void family(const std::string& name, const std::string& type, const std::string& help) {
    text_ += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
  }

  void sample(const std::string& name, const std::string& labels, const std::string& value) {
    text_ += name + (labels.empty() ? "" : "{" + labels + "}") + " " + value + "\n";
  }

  using OfLane = std::function<std::string(const LaneHealth&)>;
  void per_store(const std::string& name, const std::string& type, const std::string& help,
                 const OfLane& value) {
    family(name, type, help);
    for (const LaneHealth& lane : health_.lanes) sample(name, store_label(lane), value(lane));
  }

  void runs() {
    family("duetime_runs_total", "counter", "Runs and fires by what became of them.");
    for (const LaneHealth& lane : health_.lanes) {
      for (const auto& [state, count] : kRunCountNames) {
        sample("duetime_runs_total", store_label(lane) + ",state=\"" + state + "\"",
               std::to_string(lane.runs.*count));
      }
    }
  }

  void histogram(const std::string& name, const std::string& help, DurationHistogram RunCounts::*which) {
    family(name, "histogram", help);
    for (const LaneHealth& lane : health_.lanes) one_histogram(name, store_label(lane), lane.runs.*which);
  }

  std::string take() { return std::move(text_); }

 private:
  // Buckets of this format hold what the ones before them hold, too.
  void one_histogram(const std::string& name, const std::string& label, const DurationHistogram& histogram) {
    uint64_t so_far = 0;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
      so_far += histogram.counts[i];
      const bool is_last = i == DurationHistogram::kBoundsUs.size();
      const std::string bound = is_last ? "+Inf" : seconds(Duration{DurationHistogram::kBoundsUs[i]});
      const std::string labels = std::string(label).append(",le=\"").append(bound).append("\"");
      sample(name + "_bucket", labels, std::to_string(so_far));
    }
    sample(name + "_sum", label, seconds(histogram.sum));
    sample(name + "_count", label, std::to_string(histogram.count));
  }

  const Health& health_;
  std::string text_;
};

}  // namespace

std::string metrics_text(const Health& health, Instant now) {
  MetricsText text(health);
  text.family("duetime_running", "gauge", "1 while the scheduler runs and is not paused.");
  text.sample("duetime_running", "", health.state == SchedulerState::kRunning ? "1" : "0");
  text.family("duetime_dropped_events_total", "counter", "Events that listeners were too slow for.");
  text.sample("duetime_dropped_events_total", "", std::to_string(health.dropped_events));
  text.per_store("duetime_store_up", "gauge", "1 while the store's lane works and the store answers.",
                 [](const LaneHealth& lane) { return lane.alive && lane.error.empty() ? "1" : "0"; });
  text.per_store("duetime_store_lag_seconds", "gauge", "How long the announced wake-up is overdue.",
                 [&](const LaneHealth& lane) { return seconds(lag_of(lane, now)); });
  text.per_store("duetime_claims_total", "counter", "Claims taken.",
                 [](const LaneHealth& lane) { return std::to_string(lane.claimed); });
  text.per_store("duetime_executing", "gauge", "Claims handed to executors and not yet ended.",
                 [](const LaneHealth& lane) { return std::to_string(lane.executing); });
  text.per_store("duetime_parked", "gauge", "Tasks, executors and jobs that this node cannot serve.",
                 [](const LaneHealth& lane) { return std::to_string(lane.parked); });
  text.runs();
  text.histogram("duetime_run_lateness_seconds", "From scheduled time to start.", &RunCounts::lateness);
  text.histogram("duetime_run_duration_seconds", "From start to end.", &RunCounts::durations);
  return text.take();
}

}  // namespace duetime::capi
