#include "capi/src/scheduler_options.h"

#include <memory>
#include <utility>

#include "capi/src/callbacks.h"
#include "capi/src/conversions.h"
#include "capi/src/handles.h"
#include "capi/src/struct_size.h"
#include "core/jobstores/registry.h"

namespace duetime::capi {
namespace {

constexpr const char* kOptionsName = "duetime_scheduler_options";

LogLevel to_log_level(int32_t level) {
  switch (level) {
    case DUETIME_LOG_DEBUG:
    case DUETIME_LOG_INFO:
    case DUETIME_LOG_WARNING:
    case DUETIME_LOG_ERROR:
      return static_cast<LogLevel>(level);
    default:
      refuse("log_level is " + std::to_string(level) + "; expected one of the DUETIME_LOG_... levels");
  }
}

std::shared_ptr<Clock> clock_of(const duetime_scheduler_options& given) {
  if (given.clock == nullptr) return system_clock();
  return Use<duetime_clock>(given.clock)->clock;
}

std::shared_ptr<const Log> log_of(const duetime_scheduler_options& given, Owned user_data) {
  const LogLevel level = to_log_level(given.log_level);
  return std::make_shared<const Log>(given.log ? to_log_sink(given.log, std::move(user_data)) : LogSink(),
                                     level);
}

RunRetention retention_of(const duetime_scheduler_options& given) {
  require_max_age(given.history_max_age, "history_max_age");
  return RunRetention{.max_age = Duration{given.history_max_age}, .max_count = given.history_max_count};
}

}  // namespace

void require_max_age(duetime_duration max_age, const char* parameter) {
  if (max_age >= 0) return;
  refuse(std::string(parameter) + " is " + std::to_string(max_age) + " microseconds; expected 0 or more");
}

GivenOptions read_scheduler_options(const duetime_scheduler_options* options) {
  duetime_scheduler_options given = DUETIME_SCHEDULER_OPTIONS_INIT;
  if (options == nullptr) return {given, {}};
  given = read_known_members(*options, given, kOptionsName);
  Owned log_user_data = adopt(given.log_user_data, given.release_log_user_data);
  refuse_unknown_members(*options, kOptionsName);
  return {given, std::move(log_user_data)};
}

SchedulerOptions to_options(GivenOptions options) {
  const duetime_scheduler_options& given = options.given;
  return SchedulerOptions{.mode = to_flag(given.hosted, "hosted") ? RunMode::kHosted : RunMode::kThreaded,
                          .clock = clock_of(given),
                          .log = log_of(given, std::move(options.log_user_data)),
                          .lease = Duration{given.lease},
                          .retry_interval_max = Duration{given.retry_interval_max},
                          .retention = retention_of(given)};
}

JobStorePtr store_from(const std::string& configuration) {
  const std::size_t first = configuration.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string::npos && configuration[first] == '{';
  return is_json ? make_job_store(parse_json(configuration, "store configuration"))
                 : make_job_store_from_url(configuration);
}

}  // namespace duetime::capi
