// A scheduler from one JSON document, and what such a document may not say.
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

using Json = nlohmann::json;

Held<duetime_scheduler> make(const char* json, const duetime_scheduler_options* options = nullptr) {
  Held<duetime_scheduler> scheduler;
  EXPECT_OK(duetime_scheduler_create_from_json(json, options, Out(scheduler)));
  return scheduler;
}

TEST(Configuration, MakesStoresAndExecutorsThatRunJobs) {
  const TemporaryDirectory directory;
  const std::string json =
      Json{{"hosted", true},
           {"stores",
            {{"default", "memory:"}, {"file", {{"type", "sqlite"}, {"path", directory.file("jobs.db")}}}}},
           {"executors",
            {{"default", {{"type", "inline"}}}, {"threads", {{"type", "thread_pool"}, {"workers", 3}}}}}}
          .dump();
  const Held<duetime_clock> clock = manual_clock();
  duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
  options.clock = clock.get();
  const Held<duetime_scheduler> scheduler = make(json.c_str(), &options);
  Counted task;
  ASSERT_OK(duetime_scheduler_register_task(scheduler.get(), "succeed", Counted::succeed, &task, nullptr));
  duetime_job_options job = job_options("job", "succeed");
  job.store = "file";
  const Held<duetime_trigger> trigger = date_trigger(kNoon + kSecond);
  ASSERT_OK(duetime_scheduler_add_job(scheduler.get(), trigger.get(), &job, nullptr));
  ASSERT_OK(duetime_scheduler_start(scheduler.get(), 0));
  duetime_scheduler* const players[] = {scheduler.get()};
  ASSERT_OK(duetime_scheduler_play(players, 1, kNoon + 2 * kSecond, DUETIME_DURATION_UNLIMITED));
  EXPECT_EQ(task.calls, 1);
  EXPECT_STATUS(DUETIME_ERROR_CONFLICT,
                duetime_scheduler_add_thread_pool(scheduler.get(), "threads", 1, nullptr));
  EXPECT_TRUE(std::ifstream(directory.file("jobs.db")).is_open());
}

TEST(Configuration, OfNothingIsASchedulerWithTheDefaults) {
  const Held<duetime_scheduler> scheduler = make("{}");
  int32_t fd = -1;
  EXPECT_STATUS(DUETIME_ERROR_UNSUPPORTED, duetime_scheduler_wakeup_fd(scheduler.get(), &fd));
  ASSERT_OK(duetime_scheduler_start(scheduler.get(), 0));
  ASSERT_OK(duetime_scheduler_shutdown(scheduler.get(), 1));
}

TEST(Configuration, GoesBeforeTheOptions) {
  duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
  options.hosted = 1;
  int32_t fd = -1;
  EXPECT_OK(duetime_scheduler_wakeup_fd(make("{}", &options).get(), &fd));
  const Held<duetime_scheduler> threaded = make(R"({"hosted": false})", &options);
  EXPECT_STATUS(DUETIME_ERROR_UNSUPPORTED, duetime_scheduler_wakeup_fd(threaded.get(), &fd));
}

TEST(Configuration, LogLevelIsThatOfTheDocument) {
  struct Log {
    std::string text;
    static void write(void* user_data, int32_t level, const char*, const char*) {
      static_cast<Log*>(user_data)->text += std::to_string(level) + " ";
    }
  };
  for (const auto& [level, expected] : {std::pair("\"error\"", ""), {"\"warning\"", "30 "}}) {
    Log log;
    const Held<duetime_clock> clock = manual_clock();
    duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
    options.log = Log::write;
    options.log_user_data = &log;
    options.clock = clock.get();
    const std::string json = std::string(R"({"hosted": true, "log_level": )") + level + "}";
    const Held<duetime_scheduler> scheduler = make(json.c_str(), &options);
    ASSERT_OK(duetime_scheduler_start(scheduler.get(), 0));
    duetime_time next = 0;
    ASSERT_OK(duetime_scheduler_run_pending(scheduler.get(), &next));
    ASSERT_OK(duetime_clock_set(clock.get(), kNoon - kSecond));  // which is worth a warning
    ASSERT_OK(duetime_scheduler_run_pending(scheduler.get(), &next));
    EXPECT_EQ(log.text, expected);
  }
}

struct Mistake {
  const char* json;
  const char* said;  // part of the message
};

// How the failing test is named.
void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.json; }

class WrongConfiguration : public testing::TestWithParam<Mistake> {};

TEST_P(WrongConfiguration, IsRefusedByItsName) {
  duetime_scheduler* scheduler = nullptr;
  Counted log;
  duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
  options.log_user_data = &log;
  options.release_log_user_data = Counted::release;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, GetParam().said,
               duetime_scheduler_create_from_json(GetParam().json, &options, &scheduler));
  EXPECT_EQ(scheduler, nullptr);
  EXPECT_EQ(log.released, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Configuration, WrongConfiguration,
    testing::Values(
        Mistake{nullptr, "json is NULL"}, Mistake{"", "json is empty"},
        Mistake{"{", "configuration: not JSON at byte"}, Mistake{"[]", "expected an object"},
        Mistake{"{\"stores\": \"\xff\"}", "not UTF-8"},
        Mistake{R"({"jobstores": {}})", "unknown member 'jobstores'; did you mean 'stores'?"},
        Mistake{R"({"hosted": 1})", "configuration: hosted 1: expected true or false"},
        Mistake{R"({"log_level": "loud"})", "log_level 'loud': expected debug, info, warning or error"},
        Mistake{R"({"lease_us": 99999})", "lease_us 99999"},
        Mistake{R"({"retry_interval_max_us": -1})", "retry_interval_max_us -1"},
        Mistake{R"({"history_max_age_us": -1})", "history_max_age_us -1"},
        Mistake{R"({"history_max_count": 1.5})", "history_max_count 1.5"},
        Mistake{R"({"stores": []})", "stores []: expected an object"},
        Mistake{R"({"stores": {"": "memory:"}})", "the alias is empty"},
        Mistake{R"({"stores": {"a": 1}})", "configuration: stores.a: expected a URL"},
        Mistake{R"({"stores": {"a": "nosuch:"}})", "stores.a: no job store type 'nosuch'; known are memory"},
        Mistake{R"({"stores": {"a": {"type": "memory", "histroy": 1}}})",
                "stores.a: memory store: unknown member 'histroy'; did you mean 'history'?"},
        Mistake{R"({"stores": {"a": {"type": "memory", "history_max_count": "all"}}})",
                "stores.a: job store: history_max_count 'all'"},
        Mistake{R"({"executors": {"a": {"workers": 1}}})", "executors.a: executor: type missing"},
        Mistake{R"({"executors": {"a": {"type": "threads"}}})",
                "executors.a: executor: type 'threads': expected thread_pool, process_pool or inline"},
        Mistake{R"({"executors": {"a": {"type": "thread_pool", "workers": 0}}})",
                "executors.a: executor: workers 0"},
        Mistake{R"({"executors": {"a": {"type": "thread_pool", "max_workers": 1}}})",
                "unknown member 'max_workers'; did you mean 'workers'?"},
        Mistake{R"({"executors": {"a": {"type": "inline", "workers": 1}}})", "unknown member 'workers'"},
        Mistake{R"({"executors": {"a": {"type": "process_pool"}}})", "executors.a: executor: argv missing"},
        Mistake{R"({"executors": {"a": "inline"}})", "executors.a: executor 'inline': expected an object"}));

// A password that stands in the wrong place.
TEST(Configuration, ErrorsShowNoStoreThatIsNone) {
  duetime_scheduler* scheduler = nullptr;
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_scheduler_create_from_json(R"({"stores": {"default": ["redis://user:secret@host"]}})",
                                                   nullptr, &scheduler));
  EXPECT_EQ(std::string(duetime_last_error_message()).find("secret"), std::string::npos);
}

}  // namespace
}  // namespace duetime::capi_test
