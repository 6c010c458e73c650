// Time per next_fire_time() of cron triggers: each expression asked from 200 instants spread evenly over 2024
// to 2027, changes of the clock included, so that no branch predictor learns a single answer.
//
// GeometricMean/<zone> runs over all expressions and reports two counters: `mean_ns`, the geometric mean of
// their times per call, and `worst_ns`, the slowest one's.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "core/triggers/cron.h"

namespace duetime {
namespace {

constexpr int kStarts = 200;

std::vector<CronRule> expression_set() {
  std::vector<CronRule> rules;
  for (const char* line : {"* * * * *", "*/5 * * * *", "0 * * * *", "30 2 * * *", "30 1 * * *",
                           "0 9 * * mon-fri", "*/15 9-17 * * mon-fri", "5 4 * * sun", "0 0 1 * *",
                           "0 0 31 * *", "0 0 1 1 *", "0 0 29 2 *", "0 0 13 * fri"}) {
    rules.push_back(crontab_rule(line));
  }
  CronRule last_day = crontab_rule("0 0 * * *");
  last_day.fields[kDay] = "last";
  CronRule third_friday = crontab_rule("15 10 * * *");
  third_friday.fields[kDay] = "3rd fri";
  rules.insert(rules.end(), {last_day, third_friday});
  return rules;
}

std::string name_of(const CronRule& rule) {
  std::string name;
  for (const CronFieldIndex field : {kMinute, kHour, kDay, kMonth, kDayOfWeek})
    name += *rule.fields[field] + " ";
  return name;
}

std::vector<std::optional<Instant>> starts() {
  const Instant first = parse_instant("2024-01-01T00:00:00Z", "start");
  const Duration step = (parse_instant("2028-01-01T00:00:00Z", "end") - first) / kStarts;
  std::vector<std::optional<Instant>> starts;
  for (int i = 0; i < kStarts; ++i) starts.push_back(first + i * step + Duration{i * 7919 * 1013});
  return starts;
}

void call_all(const Trigger& trigger, const std::vector<std::optional<Instant>>& from) {
  for (const auto& start : from) benchmark::DoNotOptimize(trigger.next_fire_time(start, *start));
}

TriggerPtr in_zone(CronRule rule, const char* zone) {
  rule.zone = TimeZone::load(zone);
  return make_cron_trigger(rule);
}

void BM_NextFire(benchmark::State& state, const CronRule& rule, const char* zone) {
  const TriggerPtr trigger = in_zone(rule, zone);
  const std::vector<std::optional<Instant>> from = starts();
  for (auto _ : state) call_all(*trigger, from);
  state.counters["per_call"] = benchmark::Counter(static_cast<double>(state.iterations()) * kStarts,
                                                  benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

double nanoseconds_per_call(const Trigger& trigger, const std::vector<std::optional<Instant>>& from) {
  constexpr int kRounds = 20;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kRounds; ++i) call_all(trigger, from);
  const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - begin;
  return spent.count() / (kRounds * kStarts);
}

// The best of many short rounds per expression: on a shared machine the mean measures the neighbours.
void BM_GeometricMean(benchmark::State& state, const char* zone) {
  std::vector<TriggerPtr> triggers;
  for (const CronRule& rule : expression_set()) triggers.push_back(in_zone(rule, zone));
  std::vector<double> best(triggers.size(), 1e9);
  const std::vector<std::optional<Instant>> from = starts();
  for (auto _ : state) {
    for (std::size_t i = 0; i < triggers.size(); ++i)
      best[i] = std::min(best[i], nanoseconds_per_call(*triggers[i], from));
  }
  double log_sum = 0;
  for (const double ns : best) log_sum += std::log(ns);
  state.counters["mean_ns"] = std::exp(log_sum / static_cast<double>(best.size()));
  state.counters["worst_ns"] = *std::max_element(best.begin(), best.end());
}

const bool kRegistered = [] {
  for (const char* zone : {"UTC", "America/New_York"}) {
    for (const CronRule& rule : expression_set()) {
      benchmark::RegisterBenchmark(("NextFire/" + std::string(zone) + "/" + name_of(rule)).c_str(),
                                   BM_NextFire, rule, zone);
    }
    benchmark::RegisterBenchmark(("GeometricMean/" + std::string(zone)).c_str(), BM_GeometricMean, zone)
        ->MinTime(2);
  }
  return true;
}();

}  // namespace
}  // namespace duetime
