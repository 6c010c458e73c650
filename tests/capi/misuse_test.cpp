// Every exported function, each of its arguments wrong in every way that a type can be, the others right:
// NULL, handles that were destroyed, are of another type or no handles, texts that are not UTF-8, empty or
// long, structs that were not initialised or come from a newer caller, numbers at the ends of their range.
// Nothing may crash, what is refused is refused with the right code and says why. A function that the table
// lacks fails a test.
#include <duetime/plugin.h>
#include <gmock/gmock.h>

#include <array>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <type_traits>
#include <vector>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

constexpr duetime_status kAny = 1;  // no status: whatever the function makes of it

// --- what the arguments are taken from: handles that work, and handles that do not

struct World {
  Held<duetime_clock> clock = manual_clock();
  Held<duetime_scheduler> scheduler;
  Held<duetime_trigger> trigger = interval_trigger(kSecond);
  Held<duetime_job> job;
  Held<duetime_job_list> jobs;
  Held<duetime_run_list> runs;
  Held<duetime_parked_list> parked;
  duetime_execution* execution = nullptr;

  World() {
    duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
    options.hosted = 1;
    options.clock = clock.get();
    options.log = [](void*, int32_t, const char*, const char*) {};
    EXPECT_OK(duetime_scheduler_create(&options, Out(scheduler)));
    EXPECT_OK(duetime_scheduler_add_store(scheduler.get(), "default", "memory:"));
    add_keeping_executor();
    EXPECT_OK(duetime_scheduler_register_task(
        scheduler.get(), "default", [](void*, duetime_call*) -> int32_t { return 0; }, nullptr, nullptr));
    const duetime_job_options job_to_be = job_options("default", "default");
    EXPECT_OK(duetime_scheduler_add_job(scheduler.get(), trigger.get(), &job_to_be, Out(job)));
    EXPECT_OK(duetime_scheduler_start(scheduler.get(), 0));
    Held<char> run_id;
    EXPECT_OK(duetime_scheduler_run_job(scheduler.get(), nullptr, "default", Out(run_id)));
    EXPECT_OK(duetime_scheduler_list_jobs(scheduler.get(), nullptr, Out(jobs)));
    EXPECT_OK(duetime_scheduler_list_runs(scheduler.get(), nullptr, nullptr, Out(runs)));
    EXPECT_OK(duetime_scheduler_list_parked(scheduler.get(), Out(parked)));
    EXPECT_NE(execution, nullptr);
  }
  ~World() { duetime_execution_destroy(execution); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

 private:
  void add_keeping_executor() {
    duetime_executor_plugin plugin{};
    plugin.struct_size = sizeof plugin;
    plugin.user_data = this;
    plugin.submit = [](void* user_data, duetime_execution* given) -> int32_t {
      static_cast<World*>(user_data)->execution = given;
      return 0;
    };
    EXPECT_OK(duetime_scheduler_add_executor(scheduler.get(), "default", &plugin));
  }
};

World* world = nullptr;

template <class Handle>
Handle* good_handle() {
  if constexpr (std::is_same_v<Handle, duetime_clock>) return world->clock.get();
  if constexpr (std::is_same_v<Handle, duetime_scheduler>) return world->scheduler.get();
  if constexpr (std::is_same_v<Handle, duetime_trigger>) return world->trigger.get();
  if constexpr (std::is_same_v<Handle, duetime_job>) return world->job.get();
  if constexpr (std::is_same_v<Handle, duetime_job_list>) return world->jobs.get();
  if constexpr (std::is_same_v<Handle, duetime_run_list>) return world->runs.get();
  if constexpr (std::is_same_v<Handle, duetime_parked_list>) return world->parked.get();
  if constexpr (std::is_same_v<Handle, duetime_execution>) return world->execution;
  return nullptr;  // a call: there is none outside of a task
}

template <class T>
constexpr bool is_handle = std::is_same_v<T, duetime_clock> || std::is_same_v<T, duetime_scheduler> ||
                           std::is_same_v<T, duetime_trigger> || std::is_same_v<T, duetime_job> ||
                           std::is_same_v<T, duetime_job_list> || std::is_same_v<T, duetime_run_list> ||
                           std::is_same_v<T, duetime_parked_list> || std::is_same_v<T, duetime_execution> ||
                           std::is_same_v<T, duetime_call>;

template <class Handle>
Handle* stale_handle() {
  World* const now = std::exchange(world, new World());
  Handle* const handle = good_handle<Handle>();
  delete std::exchange(world, now);
  return handle;
}

template <class Handle>
Handle* handle_of_another_type() {
  void* const other = std::is_same_v<Handle, duetime_trigger> ? static_cast<void*>(world->clock.get())
                                                              : static_cast<void*>(world->trigger.get());
  return static_cast<Handle*>(other);
}

// --- structs: one that is right, and which of its members are texts

template <class T>
struct Sample {
  static constexpr bool exists = false;
};

template <class T>
struct SampleOf {
  static constexpr bool exists = true;
  using Texts = std::vector<const char * T::*>;
};

#define SAMPLE(type, initial, ...)                      \
  template <>                                           \
  struct Sample<type> : SampleOf<type> {                \
    static type good() { return initial; }              \
    static Texts texts() { return Texts{__VA_ARGS__}; } \
  }

duetime_job_options good_job_options() {
  duetime_job_options options = job_options("new", "default");
  return options;
}

duetime_interval_options good_interval_options() {
  duetime_interval_options options = DUETIME_INTERVAL_OPTIONS_INIT;
  options.interval = kSecond;
  return options;
}

duetime_calendar_interval_options good_calendar_options() {
  duetime_calendar_interval_options options = DUETIME_CALENDAR_INTERVAL_OPTIONS_INIT;
  options.days = 1;
  return options;
}

duetime_process_pool_options good_pool_options() {
  static const char* const argv[] = {"true", nullptr};
  duetime_process_pool_options options = DUETIME_PROCESS_POOL_OPTIONS_INIT;
  options.argv = argv;
  return options;
}

// Those that need functions get some that fail.
template <class Plugin>
Plugin good_plugin() {
  Plugin plugin{};
  plugin.struct_size = sizeof plugin;
  if constexpr (std::is_same_v<Plugin, duetime_trigger_plugin>) {
    plugin.next_fire_time = [](void*, duetime_time, duetime_time, duetime_time*) -> int32_t { return 1; };
  } else if constexpr (std::is_same_v<Plugin, duetime_trigger_factory>) {
    plugin.make = [](void*, const char*, duetime_trigger_plugin*) -> int32_t { return 1; };
  } else if constexpr (std::is_same_v<Plugin, duetime_clock_plugin>) {
    plugin.now = [](void*) { return kNoon; };
  } else if constexpr (std::is_same_v<Plugin, duetime_executor_plugin>) {
    plugin.submit = [](void*, duetime_execution*) -> int32_t { return 1; };
  } else if constexpr (std::is_same_v<Plugin, duetime_job_store_plugin>) {
    const auto fail = [](void*, const char*) { return duetime_status{DUETIME_ERROR_STORE_UNAVAILABLE}; };
    plugin.draw = [](void*, uint32_t, int64_t*) { return duetime_status{DUETIME_ERROR_STORE_UNAVAILABLE}; };
    plugin.read = fail;
    plugin.write = fail;
  }
  return plugin;
}

SAMPLE(duetime_scheduler_options, DUETIME_SCHEDULER_OPTIONS_INIT);
SAMPLE(duetime_job_options, good_job_options(), &duetime_job_options::id, &duetime_job_options::name,
       &duetime_job_options::task, &duetime_job_options::executor, &duetime_job_options::store,
       &duetime_job_options::payload_encoding);
SAMPLE(duetime_job_filter, DUETIME_JOB_FILTER_INIT, &duetime_job_filter::tag, &duetime_job_filter::task,
       &duetime_job_filter::executor, &duetime_job_filter::after_id);
SAMPLE(duetime_run_filter, DUETIME_RUN_FILTER_INIT, &duetime_run_filter::job_id);
SAMPLE(duetime_interval_options, good_interval_options(), &duetime_interval_options::timezone);
SAMPLE(duetime_cron_options, DUETIME_CRON_OPTIONS_INIT, &duetime_cron_options::year,
       &duetime_cron_options::month, &duetime_cron_options::day, &duetime_cron_options::week,
       &duetime_cron_options::day_of_week, &duetime_cron_options::hour, &duetime_cron_options::minute,
       &duetime_cron_options::second, &duetime_cron_options::timezone, &duetime_cron_options::dialect,
       &duetime_cron_options::expression);
SAMPLE(duetime_calendar_interval_options, good_calendar_options(),
       &duetime_calendar_interval_options::start_date, &duetime_calendar_interval_options::end_date,
       &duetime_calendar_interval_options::timezone);
SAMPLE(duetime_process_pool_options, good_pool_options());
SAMPLE(duetime_thread_hooks, good_plugin<duetime_thread_hooks>());
SAMPLE(duetime_run_outcome, DUETIME_RUN_OUTCOME_INIT);  // what tasks report is repaired
SAMPLE(duetime_trigger_plugin, good_plugin<duetime_trigger_plugin>());
SAMPLE(duetime_trigger_factory, good_plugin<duetime_trigger_factory>());
SAMPLE(duetime_clock_plugin, good_plugin<duetime_clock_plugin>());
SAMPLE(duetime_executor_plugin, good_plugin<duetime_executor_plugin>());
SAMPLE(duetime_job_store_plugin, good_plugin<duetime_job_store_plugin>());
SAMPLE(duetime_run, good_plugin<duetime_run>());
SAMPLE(duetime_parked_job, good_plugin<duetime_parked_job>());

// A struct with room behind it for members of the future.
template <class Struct>
struct Roomy {
  Struct known;
  std::array<unsigned char, 16> unknown{};
};

// --- arguments by type

template <class T>
struct Bad {
  std::string what;
  T value;
  duetime_status expected = kAny;
};

const std::string kLong(1 << 20, 'x');

constexpr uint32_t kEveryField = 1023;  // of a job

template <class T>
struct Argument {
  using Bare = std::remove_cv_t<std::remove_pointer_t<T>>;
  static constexpr bool kIsStruct = Sample<Bare>::exists;
  static constexpr bool kIsFunction = std::is_function_v<std::remove_pointer_t<T>>;

  static T good() {
    if constexpr (std::is_same_v<T, const char*>) {
      return "default";
    } else if constexpr (is_handle<Bare> && std::is_pointer_v<T>) {
      return good_handle<Bare>();
    } else if constexpr (kIsStruct) {
      static Roomy<Bare> sample;
      sample = {Sample<Bare>::good(), {}};
      return &sample.known;
    } else if constexpr (std::is_pointer_v<T> && std::is_pointer_v<std::remove_pointer_t<T>>) {
      return good_list();
    } else if constexpr (std::is_pointer_v<T> && !std::is_void_v<Bare> && !kIsFunction) {
      static std::array<Bare, 8> room{};  // for an output
      room = {};
      return room.data();
    } else if constexpr (std::is_same_v<T, std::size_t>) {
      return 1;  // of what a list holds
    } else if constexpr (std::is_same_v<T, uint32_t>) {
      return kEveryField;
    } else {
      return T{};
    }
  }

  static std::vector<Bad<T>> bad() {
    if constexpr (std::is_same_v<T, const char*>) {
      return {{"text that is not UTF-8", "\xff", DUETIME_ERROR_INVALID_ARGUMENT},
              {"no text", nullptr},
              {"empty text", ""},
              {"long text", kLong.c_str()}};
    } else if constexpr (is_handle<Bare> && std::is_pointer_v<T>) {
      static const int on_stack = 0;
      return {
          {"no handle", nullptr, DUETIME_ERROR_INVALID_ARGUMENT},
          {"stale handle", stale_handle<Bare>(), DUETIME_ERROR_STALE_HANDLE},
          {"handle of another type", handle_of_another_type<Bare>(), DUETIME_ERROR_STALE_HANDLE},
          {"another pointer", reinterpret_cast<T>(const_cast<int*>(&on_stack)), DUETIME_ERROR_STALE_HANDLE}};
    } else if constexpr (kIsStruct) {
      return bad_structs();
    } else if constexpr (std::is_pointer_v<T>) {
      return {{"NULL", nullptr}};
    } else if constexpr (std::is_same_v<T, std::size_t> || std::is_same_v<T, uint64_t>) {
      return {{"0", 0}};  // counts what another argument holds
    } else {
      return {{"least", std::numeric_limits<T>::min()}, {"most", std::numeric_limits<T>::max()}};
    }
  }

 private:
  // Either where a handle or a text goes, or one of those that are given.
  static T good_list() {
    using Element = std::remove_cv_t<std::remove_pointer_t<T>>;
    static std::array<Element, 2> elements;
    elements = {Argument<Element>::good(), nullptr};
    return elements.data();
  }

  static std::vector<Bad<T>> bad_structs() {
    static std::map<std::string, Roomy<Bare>> made;
    const auto make = [&](const std::string& what) -> Roomy<Bare>& {
      return made[what] = {Sample<Bare>::good(), {}};
    };
    std::vector<Bad<T>> bad = {{"no struct", nullptr}};
    for (const uint32_t size : {0u, 3u, 5000u}) {
      const std::string what = "struct_size of " + std::to_string(size);
      make(what).known.struct_size = size;
      bad.push_back({what, &made[what].known, DUETIME_ERROR_INVALID_ARGUMENT});
    }
    if constexpr (std::is_const_v<std::remove_pointer_t<T>>) {
      Roomy<Bare>& newer = make("members of the future");
      newer.known.struct_size = sizeof(Bare) + 8;
      newer.unknown[7] = 1;
      bad.push_back({"members of the future", &newer.known, DUETIME_ERROR_UNSUPPORTED});
    }
    int number = 0;
    for (const auto member : Sample<Bare>::texts()) {
      const std::string what = "text " + std::to_string(number++) + " that is not UTF-8";
      make(what).known.*member = "\xff";
      bad.push_back({what, &made[what].known, DUETIME_ERROR_INVALID_ARGUMENT});
    }
    return bad;
  }
};

// --- calls

// Where the rule has an exception: arguments that may be left out, texts that are not looked at, and a
// function that finds the other argument wrong first.
const std::set<std::pair<std::string, std::string>>& exceptions() {
  static const std::set<std::pair<std::string, std::string>> exceptions = {
      {"duetime_scheduler_modify_job", "argument 5: no handle"},
      {"duetime_scheduler_modify_job", "argument 4: text 0 that is not UTF-8"},
      {"duetime_scheduler_modify_job", "argument 4: text 4 that is not UTF-8"},
      {"duetime_scheduler_import_jobs", "argument 5: text 4 that is not UTF-8"},
      {"duetime_trigger_create_rrule", "argument 0: text that is not UTF-8"},
  };
  return exceptions;
}

void judge(const std::string& function, const std::string& how, duetime_status expected,
           duetime_status status) {
  EXPECT_STRNE(duetime_status_name(status), "unknown status") << function << ", " << how << ": " << status;
  EXPECT_TRUE(status == DUETIME_OK || *duetime_last_error_message() != '\0') << function << ", " << how;
  if (expected == kAny || exceptions().contains({function, how})) return;
  EXPECT_EQ(std::string(duetime_status_name(status)), duetime_status_name(expected))
      << function << ", " << how << ": " << (status ? duetime_last_error_message() : "");
}

enum class Answer { kStatus, kOther };

template <class T>
bool is_nothing(T given) {
  if constexpr (std::is_same_v<T, duetime_time>) return given == DUETIME_TIME_NONE || given == 0;
  return given == T{};
}

// Getters of what is no handle answer nothing.
template <class Result>
void judge_getter(const std::string& function, const std::string& how, duetime_status expected,
                  Result given) {
  EXPECT_TRUE(expected == kAny || is_nothing(given)) << function << ", " << how;
}

template <Answer answer, std::size_t index, class Result, class... Parameters>
void misuse_argument(const std::string& function, Result (*fn)(Parameters...)) {
  using T = std::tuple_element_t<index, std::tuple<Parameters...>>;
  for (const Bad<T>& bad : Argument<T>::bad()) {
    std::tuple<Parameters...> arguments{Argument<Parameters>::good()...};
    std::get<index>(arguments) = bad.value;
    const std::string how = "argument " + std::to_string(index) + ": " + bad.what;
    if (function == "duetime_scheduler_play" && how == "argument 3: most") continue;  // would wait for ever
    if constexpr (std::is_void_v<Result>) {
      std::apply(fn, arguments);
    } else if constexpr (answer == Answer::kStatus) {
      judge(function, how, bad.expected, std::apply(fn, arguments));
    } else {
      judge_getter(function, how, bad.expected, std::apply(fn, arguments));
    }
  }
}

template <Answer answer, class Result, class... Parameters>
void misuse(const std::string& function, Result (*fn)(Parameters...)) {
  World fresh;
  world = &fresh;
  [&]<std::size_t... index>(std::index_sequence<index...>) {
    (misuse_argument<answer, index>(function, fn), ...);
  }(std::index_sequence_for<Parameters...>());
  world = nullptr;
}

struct Row {
  const char* function;
  void (*misuse)();
};

#define STATUS(function)                                            \
  {                                                                 \
    #function, [] { misuse<Answer::kStatus>(#function, function); } \
  }
#define OTHER(function)                                            \
  {                                                                \
    #function, [] { misuse<Answer::kOther>(#function, function); } \
  }

const Row kRows[] = {
    OTHER(duetime_call_attempt),
    OTHER(duetime_call_fence),
    OTHER(duetime_call_is_cancelled),
    OTHER(duetime_call_job_id),
    OTHER(duetime_call_job_name),
    OTHER(duetime_call_live_payload),
    OTHER(duetime_call_payload),
    OTHER(duetime_call_payload_encoding),
    OTHER(duetime_call_run_id),
    OTHER(duetime_call_scheduled_time),
    OTHER(duetime_call_set_error),
    OTHER(duetime_call_set_payload),
    OTHER(duetime_call_set_result),
    OTHER(duetime_call_store),
    OTHER(duetime_call_task),
    STATUS(duetime_clock_advance),
    STATUS(duetime_clock_create_manual),
    STATUS(duetime_clock_create_plugin),
    OTHER(duetime_clock_destroy),
    STATUS(duetime_clock_now),
    STATUS(duetime_clock_set),
    STATUS(duetime_clock_wake),
    OTHER(duetime_execution_attempt),
    OTHER(duetime_execution_destroy),
    OTHER(duetime_execution_fence),
    STATUS(duetime_execution_finish),
    STATUS(duetime_execution_give_back),
    OTHER(duetime_execution_is_cancelled),
    STATUS(duetime_execution_job),
    STATUS(duetime_execution_may_start),
    STATUS(duetime_execution_run),
    OTHER(duetime_execution_run_count),
    OTHER(duetime_execution_run_id),
    OTHER(duetime_execution_scheduled_time),
    {"duetime_free",
     [] { duetime_free(nullptr); }},  // takes memory of the library, and nothing can be told of other
    OTHER(duetime_job_coalesce),
    OTHER(duetime_job_destroy),
    OTHER(duetime_job_error),
    OTHER(duetime_job_executor),
    OTHER(duetime_job_id),
    STATUS(duetime_job_list_at),
    OTHER(duetime_job_list_destroy),
    OTHER(duetime_job_list_size),
    OTHER(duetime_job_live_payload),
    OTHER(duetime_job_max_instances),
    OTHER(duetime_job_misfire_grace),
    OTHER(duetime_job_name),
    OTHER(duetime_job_next_run_time),
    OTHER(duetime_job_payload),
    OTHER(duetime_job_payload_encoding),
    OTHER(duetime_job_recover),
    OTHER(duetime_job_revision),
    OTHER(duetime_job_status),
    OTHER(duetime_job_store),
    OTHER(duetime_job_tag),
    OTHER(duetime_job_tag_count),
    OTHER(duetime_job_task),
    STATUS(duetime_job_to_json),
    STATUS(duetime_job_trigger),
    OTHER(duetime_last_error_message),
    STATUS(duetime_parked_list_at),
    OTHER(duetime_parked_list_destroy),
    OTHER(duetime_parked_list_size),
    OTHER(duetime_plugin_set_answer),
    OTHER(duetime_plugin_set_error),
    STATUS(duetime_register_time_zone),
    STATUS(duetime_register_trigger_type),
    STATUS(duetime_reload_time_zones),
    STATUS(duetime_run_list_at),
    OTHER(duetime_run_list_destroy),
    OTHER(duetime_run_list_size),
    OTHER(duetime_run_state_name),
    STATUS(duetime_scheduler_add_executor),
    STATUS(duetime_scheduler_add_inline_executor),
    STATUS(duetime_scheduler_add_job),
    STATUS(duetime_scheduler_add_jobs),
    STATUS(duetime_scheduler_add_listener),
    STATUS(duetime_scheduler_add_process_pool),
    STATUS(duetime_scheduler_add_store),
    STATUS(duetime_scheduler_add_store_plugin),
    STATUS(duetime_scheduler_add_thread_pool),
    STATUS(duetime_scheduler_cancel_run),
    STATUS(duetime_scheduler_create),
    STATUS(duetime_scheduler_create_from_json),
    OTHER(duetime_scheduler_destroy),
    STATUS(duetime_scheduler_find_jobs),
    STATUS(duetime_scheduler_get_job),
    STATUS(duetime_scheduler_health),
    STATUS(duetime_scheduler_import_jobs),
    STATUS(duetime_scheduler_imported),
    STATUS(duetime_scheduler_is_run_cancelled),
    STATUS(duetime_scheduler_list_jobs),
    STATUS(duetime_scheduler_list_parked),
    STATUS(duetime_scheduler_list_running),
    STATUS(duetime_scheduler_list_runs),
    STATUS(duetime_scheduler_metrics),
    STATUS(duetime_scheduler_modify_job),
    STATUS(duetime_scheduler_pause),
    STATUS(duetime_scheduler_pause_job),
    STATUS(duetime_scheduler_play),
    STATUS(duetime_scheduler_register_task),
    STATUS(duetime_scheduler_release_parked),
    STATUS(duetime_scheduler_reload_time_zones),
    STATUS(duetime_scheduler_remove_all_jobs),
    STATUS(duetime_scheduler_remove_executor),
    STATUS(duetime_scheduler_remove_job),
    STATUS(duetime_scheduler_remove_listener),
    STATUS(duetime_scheduler_remove_store),
    STATUS(duetime_scheduler_resume),
    STATUS(duetime_scheduler_resume_job),
    STATUS(duetime_scheduler_run_job),
    STATUS(duetime_scheduler_run_pending),
    STATUS(duetime_scheduler_set_history),
    STATUS(duetime_scheduler_set_task_resolver),
    STATUS(duetime_scheduler_shutdown),
    STATUS(duetime_scheduler_sql_to_add_jobs),
    STATUS(duetime_scheduler_start),
    STATUS(duetime_scheduler_state),
    STATUS(duetime_scheduler_statistics),
    STATUS(duetime_scheduler_wakeup_fd),
    // A search path that is right would be the process's from then on.
    {"duetime_set_time_zone_path",
     [] {
       const char* const wrong[] = {"\xff"};
       EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_set_time_zone_path(nullptr, 1));
       EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_set_time_zone_path(wrong, 1));
     }},
    OTHER(duetime_status_name),
    STATUS(duetime_trigger_create_and),
    STATUS(duetime_trigger_create_calendar_interval),
    STATUS(duetime_trigger_create_cron),
    STATUS(duetime_trigger_create_date),
    STATUS(duetime_trigger_create_from_json),
    STATUS(duetime_trigger_create_interval),
    STATUS(duetime_trigger_create_not),
    STATUS(duetime_trigger_create_or),
    STATUS(duetime_trigger_create_plugin),
    STATUS(duetime_trigger_create_rrule),
    OTHER(duetime_trigger_destroy),
    STATUS(duetime_trigger_explain),
    STATUS(duetime_trigger_next_fire_time),
    STATUS(duetime_trigger_preview),
    STATUS(duetime_trigger_to_json),
    OTHER(duetime_version),
    OTHER(duetime_version_string),
};

class Misuse : public testing::TestWithParam<Row> {};

TEST_P(Misuse, IsNoticed) { GetParam().misuse(); }

INSTANTIATE_TEST_SUITE_P(Of, Misuse, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.function); });

TEST(MisuseTable, HasEveryFunction) {
  std::set<std::string> listed, known;
  std::ifstream file(DUETIME_SOURCE_DIR "/capi/symbols.txt");
  for (std::string name; file >> name;) listed.insert(name);
  for (const Row& row : kRows) known.insert(row.function);
  EXPECT_THAT(known, testing::ContainerEq(listed));
}

}  // namespace
}  // namespace duetime::capi_test
