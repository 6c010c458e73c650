// What monitors ask: numbers of runs, Prometheus text, pages of jobs, and how long history is kept.
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

using Json = nlohmann::json;

class Statistics : public HostedScheduler {
 protected:
  Json statistics() {
    Held<char> json;
    EXPECT_OK(duetime_scheduler_statistics(scheduler, Out(json)));
    return Json::parse(json.get());
  }

  std::string metrics() {
    Held<char> text;
    EXPECT_OK(duetime_scheduler_metrics(scheduler, Out(text)));
    return text.get();
  }

  void expect_metric(const std::string& line) {
    const std::string text = metrics();
    EXPECT_NE(("\n" + text).find("\n" + line + "\n"), std::string::npos) << line << " is not in\n" << text;
  }

  std::vector<std::string> ids(const char* store, const duetime_job_filter& filter) {
    Held<duetime_job_list> list;
    EXPECT_OK(duetime_scheduler_find_jobs(scheduler, store, &filter, Out(list)));
    std::vector<std::string> found;
    for (std::size_t i = 0; i < duetime_job_list_size(list.get()); ++i) {
      Held<duetime_job> job;
      EXPECT_OK(duetime_job_list_at(list.get(), i, Out(job)));
      found.emplace_back(duetime_job_id(job.get()));
    }
    return found;
  }
};

int32_t take_two_seconds_and_fail(void* user_data, duetime_call*) {
  EXPECT_OK(duetime_clock_advance(static_cast<duetime_clock*>(user_data), 2 * kSecond));
  return DUETIME_TASK_FAILED;
}

TEST_F(Statistics, CountRunsByWhatBecameOfThem) {
  ASSERT_OK(
      duetime_scheduler_register_task(scheduler, "fail", take_two_seconds_and_fail, clock.get(), nullptr));
  start();
  ASSERT_OK(add(job_options("good", "succeed"), date_trigger(kNoon + kSecond)));
  ASSERT_OK(add(job_options("bad", "fail"), date_trigger(kNoon + 2 * kSecond)));
  advance(kSecond);
  advance(kSecond);
  ASSERT_OK(add(job_options("late", "succeed"), interval_trigger(kSecond)));
  advance(3600 * kSecond);
  run_pending();

  const Json store = statistics().at("stores").at(0);
  EXPECT_EQ(store.at("store"), "default");
  const Json runs = store.at("runs");
  EXPECT_EQ(runs.at("succeeded"), 2);  // the latest of the hour's fires is in time
  EXPECT_EQ(runs.at("failed"), 1);
  EXPECT_GE(runs.at("missed").get<int>(), 0);
  EXPECT_EQ(runs.at("lost"), 0);
  EXPECT_EQ(store.at("duration").at("count"), 3);
  EXPECT_EQ(store.at("duration").at("max_us"), 2 * kSecond);
  EXPECT_EQ(store.at("duration").at("sum_us"), 2 * kSecond);
  EXPECT_EQ(store.at("lateness").at("count"), 3);
  int at_once = 0, seconds = 0;
  for (const Json& bucket : store.at("duration").at("buckets")) {
    if (bucket.at("at_most_us") == 1'000) at_once = bucket.at("count");
    if (bucket.at("at_most_us") == 5'000'000) seconds = bucket.at("count");
  }
  EXPECT_EQ(at_once, 2);
  EXPECT_EQ(seconds, 1);
  EXPECT_TRUE(store.at("duration").at("buckets").back().at("at_most_us").is_null());
}

TEST_F(Statistics, CountMissedAndRefusedFires) {
  start();
  ASSERT_OK(add(job_options("once", "succeed"), date_trigger(kNoon + kSecond)));
  advance(60 * kSecond);
  EXPECT_EQ(statistics().at("stores").at(0).at("runs").at("missed"), 1);
  EXPECT_EQ(task.calls, 0);
}

TEST_F(Statistics, AreLinesOfPrometheus) {
  ASSERT_OK(duetime_scheduler_add_store(scheduler, "the \"other\"\nstore", "memory:"));
  expect_metric("duetime_running 0");
  start();
  ASSERT_OK(add(job_options("good", "succeed"), date_trigger(kNoon + kSecond)));
  advance(kSecond);
  run_pending();
  expect_metric("# TYPE duetime_runs_total counter");
  expect_metric("duetime_running 1");
  expect_metric("duetime_dropped_events_total 0");
  expect_metric(R"(duetime_store_up{store="the \"other\"\nstore"} 1)");
  expect_metric(R"(duetime_store_lag_seconds{store="default"} 0.000000)");
  expect_metric(R"(duetime_claims_total{store="default"} 1)");
  expect_metric(R"(duetime_executing{store="default"} 0)");
  expect_metric(R"(duetime_parked{store="default"} 0)");
  expect_metric(R"(duetime_runs_total{store="default",state="succeeded"} 1)");
  expect_metric(R"(duetime_run_duration_seconds_bucket{store="default",le="0.001000"} 1)");
  expect_metric(R"(duetime_run_duration_seconds_bucket{store="default",le="+Inf"} 1)");
  expect_metric(R"(duetime_run_lateness_seconds_sum{store="default"} 0.000000)");
  expect_metric(R"(duetime_run_lateness_seconds_count{store="default"} 1)");
}

TEST_F(Statistics, FindJobsInPagesAndByWhatTheyAre) {
  ASSERT_OK(duetime_scheduler_add_store(scheduler, "second", "memory:"));
  const char* const tags[] = {"nightly"};
  for (const char* const id : {"a", "b", "c", "d"}) {
    duetime_job_options options = job_options(id, *id == 'b' ? "other" : "succeed");
    if (*id == 'c') options.executor = "elsewhere";
    if (*id > 'b') {
      options.tags = tags;
      options.tag_count = 1;
    }
    if (*id == 'd') options.store = "second";
    ASSERT_OK(add(options, interval_trigger(kSecond)));
  }
  using Ids = std::vector<std::string>;
  const auto filter = [](auto member, const char* value) {
    duetime_job_filter made = DUETIME_JOB_FILTER_INIT;
    made.*member = value;
    return made;
  };
  EXPECT_EQ(ids(nullptr, DUETIME_JOB_FILTER_INIT), (Ids{"a", "b", "c", "d"}));
  EXPECT_EQ(ids(nullptr, filter(&duetime_job_filter::task, "other")), (Ids{"b"}));
  EXPECT_EQ(ids(nullptr, filter(&duetime_job_filter::tag, "nightly")), (Ids{"c", "d"}));
  EXPECT_EQ(ids("second", filter(&duetime_job_filter::executor, "elsewhere")), Ids());
  duetime_job_filter page = filter(&duetime_job_filter::after_id, nullptr);
  page.limit = 2;
  EXPECT_EQ(ids("default", page), (Ids{"a", "b"}));
  page.after_id = "b";
  EXPECT_EQ(ids("default", page), (Ids{"c"}));
  page.tag = "weekly";
  EXPECT_EQ(ids("default", page), Ids());
}

TEST_F(Statistics, BadJobFiltersAreRefused) {
  duetime_job_list* list = nullptr;
  const auto refused = [&](const char* said, const char* store, duetime_job_filter filter) {
    EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, said,
                 duetime_scheduler_find_jobs(scheduler, store, &filter, &list));
  };
  duetime_job_filter filter = DUETIME_JOB_FILTER_INIT;
  filter.struct_size = 3;
  refused("duetime_job_filter.struct_size is 3", nullptr, filter);
  filter = DUETIME_JOB_FILTER_INIT;
  filter.tag = "\xff";
  refused("not UTF-8", nullptr, filter);
  filter.tag = "";
  refused("tag is empty", nullptr, filter);
  filter = DUETIME_JOB_FILTER_INIT;
  filter.limit = 0;
  refused("limit is 0", "default", filter);
  filter.limit = 1;
  refused("store is NULL", nullptr, filter);
  filter = DUETIME_JOB_FILTER_INIT;
  filter.after_id = "a";
  refused("store is NULL", nullptr, filter);
  EXPECT_STATUS(DUETIME_ERROR_NOT_FOUND, duetime_scheduler_find_jobs(scheduler, "nowhere", nullptr, &list));
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_scheduler_find_jobs(scheduler, nullptr, nullptr, nullptr));
  EXPECT_EQ(list, nullptr);
}

constexpr duetime_duration kPruneInterval = 600 * kSecond;

class History : public Statistics {
 protected:
  std::size_t kept() { return runs().size(); }

  // Three runs, a second apart, and then the pass that prunes.
  void run_three_times() {
    start();
    ASSERT_OK(add(job_options("job", "succeed"), interval_trigger(kSecond)));
    for (int i = 0; i < 3; ++i) advance(kSecond);
    run_pending();
    ASSERT_OK(duetime_scheduler_pause_job(scheduler, nullptr, "job", nullptr));
    ASSERT_EQ(kept(), 3u);
    advance(kPruneInterval);
  }
};

TEST_F(History, IsCutToWhatIsAskedFor) {
  ASSERT_OK(duetime_scheduler_set_history(scheduler, "default", DUETIME_DURATION_UNLIMITED, 2));
  run_three_times();
  EXPECT_EQ(kept(), 2u);
  ASSERT_OK(duetime_scheduler_set_history(scheduler, nullptr, kSecond, UINT64_MAX));
  advance(kPruneInterval);
  EXPECT_EQ(kept(), 0u);
}

TEST_F(History, IsCutToWhatTheStoresConfigurationSays) {
  const TemporaryDirectory directory;
  const std::string file = directory.file("jobs.db");
  for (const Json& store : {Json{{"type", "memory"}}, Json{{"type", "sqlite"}, {"path", file}}}) {
    ASSERT_OK(duetime_scheduler_remove_store(scheduler, "default", 0));
    Json configuration = store;
    configuration["history_max_count"] = 1;
    configuration["history_max_age_us"] = INT64_MAX;
    ASSERT_OK(duetime_scheduler_add_store(scheduler, "default", configuration.dump().c_str()));
    run_three_times();
    EXPECT_EQ(kept(), 1u) << store;
    ASSERT_OK(duetime_scheduler_shutdown(scheduler, 1));
  }
}

TEST_F(History, LimitsAreChecked) {
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "max_age is -1",
               duetime_scheduler_set_history(scheduler, nullptr, -1, 1));
  EXPECT_STATUS(DUETIME_ERROR_NOT_FOUND, duetime_scheduler_set_history(scheduler, "nowhere", 1, 1));
  EXPECT_ERROR(
      DUETIME_ERROR_INVALID_ARGUMENT, "history_max_age_us -1",
      duetime_scheduler_add_store(scheduler, "other", R"({"type": "memory", "history_max_age_us": -1})"));
}

}  // namespace
}  // namespace duetime::capi_test
