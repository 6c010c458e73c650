#include <duetime/scheduler.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "capi/src/conversions.h"
#include "capi/src/guard.h"
#include "capi/src/handles.h"
#include "capi/src/scheduler_options.h"
#include "core/base/json_members.h"
#include "core/base/text.h"
#include "core/executors/inline.h"
#include "core/executors/process_pool.h"
#include "core/executors/thread_pool.h"
#include "core/jobstores/registry.h"

using namespace duetime;
using namespace duetime::capi;

namespace {

constexpr int64_t kShortest = 100'000;  // of what the engine takes as a lease or a pause, in microseconds

// Parts by alias, in the order of their aliases.
template <class Part>
using Parts = std::vector<std::pair<std::string, Part>>;

// What is wrong within a part is told with its name, and is wrong with the configuration.
template <class Make>
auto named(const std::string& name, Make&& make) {
  try {
    return make();
  } catch (const Error& error) {
    throw Error(ErrorCode::kInvalidArgument, "configuration: " + name + ": " + error.what());
  }
}

// A URL or an object. Others are not shown in the error: a password may have gone astray.
JobStorePtr make_store(const Json& value) {
  if (value.is_string()) return make_job_store_from_url(value.get_ref<const std::string&>());
  if (value.is_object()) return make_job_store(value);
  refuse("expected a URL, or an object with a \"type\"");
}

ExecutorPtr make_threads(const JsonMembers& members) {
  members.refuse_unknown({"type", "workers"});
  const ThreadPoolOptions usual;
  return make_thread_pool({.workers = static_cast<std::size_t>(
                               members.integer("workers", 1, 10'000, static_cast<int64_t>(usual.workers))),
                           .hooks = {}});
}

ExecutorPtr make_processes(const JsonMembers& members) {
  members.refuse_unknown({"type", "argv", "workers", "max_tasks_per_child", "timeout_us"});
  ProcessPoolOptions options;
  options.argv = members.texts("argv");
  if (options.argv.empty()) members.fail("argv", "the worker program and its arguments");
  options.workers =
      static_cast<std::size_t>(members.integer("workers", 1, 1'000, static_cast<int64_t>(options.workers)));
  options.max_tasks_per_child =
      static_cast<uint64_t>(members.integer("max_tasks_per_child", 0, INT64_MAX, 0));
  options.timeout = Duration{members.integer("timeout_us", 0, INT64_MAX, 0)};
  return make_process_pool(std::move(options));
}

ExecutorPtr make_executor(const Json& value) {
  const JsonMembers members(value, "executor");
  const std::string type = members.text("type");
  if (type == "thread_pool") return make_threads(members);
  if (type == "process_pool") return make_processes(members);
  if (type != "inline") members.fail("type", "thread_pool, process_pool or inline");
  members.refuse_unknown({"type"});
  return make_inline_executor();
}

template <class Part>
Parts<Part> parts_of(const JsonMembers& members, const char* member, Part (*make)(const Json&)) {
  Parts<Part> parts;
  if (!members.has(member)) return parts;
  for (const auto& [alias, value] : members.object(member).items()) {
    const std::string name = std::string(member) + "." + alias;
    if (alias.empty()) refuse("configuration: " + name + ": the alias is empty");
    parts.emplace_back(alias, named(name, [&, &given = value] { return make(given); }));
  }
  return parts;
}

int32_t log_level_of(const JsonMembers& members) {
  const std::string level = members.text("log_level");
  if (level == "debug") return DUETIME_LOG_DEBUG;
  if (level == "info") return DUETIME_LOG_INFO;
  if (level == "warning") return DUETIME_LOG_WARNING;
  if (level == "error") return DUETIME_LOG_ERROR;
  members.fail("log_level", "debug, info, warning or error");
}

// What the document says goes before what the struct says.
void override_options(const JsonMembers& members, duetime_scheduler_options& options) {
  options.hosted = members.boolean("hosted", options.hosted != 0) ? 1 : 0;
  if (members.has("log_level")) options.log_level = log_level_of(members);
  if (members.has("lease_us")) options.lease = members.integer("lease_us", kShortest, INT64_MAX);
  if (members.has("retry_interval_max_us")) {
    options.retry_interval_max = members.integer("retry_interval_max_us", kShortest, INT64_MAX);
  }
  if (members.has("history_max_age_us")) {
    options.history_max_age = members.integer("history_max_age_us", 0, INT64_MAX);
  }
  if (members.has("history_max_count")) {
    options.history_max_count = static_cast<uint64_t>(members.integer("history_max_count", 0, INT64_MAX));
  }
}

class Configuration {
 public:
  Configuration(const std::string& text, GivenOptions options) : options_(std::move(options)) {
    const Json document = parse_json(text, "configuration");
    const JsonMembers members(document, "configuration");
    members.refuse_unknown({"hosted", "log_level", "lease_us", "retry_interval_max_us", "history_max_age_us",
                            "history_max_count", "stores", "executors"});
    override_options(members, options_.given);
    stores_ = parts_of<JobStorePtr>(members, "stores", make_store);
    executors_ = parts_of<ExecutorPtr>(members, "executors", make_executor);
  }

  std::unique_ptr<SchedulerObject> make_scheduler() && {
    auto made = std::make_unique<SchedulerObject>(to_options(std::move(options_)));
    for (auto& [alias, store] : stores_) made->scheduler.add_store(alias, std::move(store));
    for (auto& [alias, executor] : executors_) made->scheduler.add_executor(alias, std::move(executor));
    return made;
  }

 private:
  GivenOptions options_;
  Parts<JobStorePtr> stores_;
  Parts<ExecutorPtr> executors_;
};

}  // namespace

duetime_status duetime_scheduler_create_from_json(const char* json, const duetime_scheduler_options* options,
                                                  duetime_scheduler** out_scheduler) {
  return guard([&] {
    GivenOptions given = read_scheduler_options(options);
    duetime_scheduler*& out = output(out_scheduler, "out_scheduler");
    Configuration configuration(required_text(json, "json"), std::move(given));
    out = open_handle<duetime_scheduler>(std::move(configuration).make_scheduler());
  });
}
