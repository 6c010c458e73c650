#include <duetime/plugin.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capi/src/conversions.h"
#include "capi/src/guard.h"
#include "capi/src/handles.h"
#include "capi/src/owned.h"
#include "capi/src/plugin_error.h"
#include "capi/src/struct_size.h"
#include "core/base/json.h"
#include "core/executors/executor.h"
#include "core/time/time_zone.h"
#include "core/triggers/registry.h"

using namespace duetime;
using namespace duetime::capi;

std::string& duetime::capi::plugin_error() noexcept {
  thread_local std::string error;
  return error;
}

namespace {

// What a plugin function that returned `status` said about it.
[[noreturn]] void throw_plugin_error(const std::string& plugin, int32_t status) {
  const std::string said = std::exchange(plugin_error(), {});
  throw Error(ErrorCode::kCallback,
              plugin + " failed: " + (said.empty() ? "it returned " + std::to_string(status) : said));
}

std::string trigger_plugin_named(const std::string& type) { return "trigger plugin '" + type + "'"; }

class PluginTrigger final : public Trigger {
 public:
  PluginTrigger(duetime_trigger_plugin plugin, Owned user_data, std::string type, Json document)
      : plugin_(plugin),
        user_data_(std::move(user_data)),
        type_(std::move(type)),
        document_(std::move(document)) {}

  std::optional<Instant> next_fire_time(std::optional<Instant> previous, Instant now) const override {
    plugin_error().clear();
    duetime_time fire = DUETIME_TIME_NONE;
    const int32_t status =
        plugin_.next_fire_time(user_data_.get(), to_c_time(previous), to_micros(now), &fire);
    if (status != 0) throw_plugin_error(trigger_plugin_named(type_), status);
    return answered(fire);
  }

  bool calls_out() const override { return true; }
  std::string_view type() const override { return type_; }
  Json document() const override { return document_; }

 private:
  std::optional<Instant> answered(duetime_time fire) const {
    if (fire == DUETIME_TIME_NONE) return std::nullopt;
    if (is_valid(from_micros(fire))) return from_micros(fire);
    throw Error(ErrorCode::kCallback, "trigger plugin '" + type_ + "' answered " + std::to_string(fire) +
                                          ", which is no instant of the years 1 to 9999");
  }

  duetime_trigger_plugin plugin_;
  Owned user_data_;
  std::string type_;
  Json document_;
};

constexpr const char* kPluginName = "duetime_trigger_plugin";
constexpr const char* kFactoryName = "duetime_trigger_factory";

TriggerPtr make_plugin_trigger(const duetime_trigger_plugin& plugin, Owned user_data, std::string type,
                               Json document) {
  if (plugin.next_fire_time == nullptr) refuse("duetime_trigger_plugin.next_fire_time is NULL");
  return std::make_shared<PluginTrigger>(plugin, std::move(user_data), std::move(type), std::move(document));
}

std::string type_of(const Json& document) {
  if (!document.is_object()) refuse("document is not a JSON object");
  const auto type = document.find("type");
  if (type == document.end() || !type->is_string() || type->get_ref<const std::string&>().empty()) {
    refuse("document has no \"type\"; expected the name of the plugin's trigger type");
  }
  return type->get<std::string>();
}

std::string plugin_type_of(const Json& document) {
  std::string type = type_of(document);
  if (!is_engine_trigger_type(type)) return type;
  refuse("document has the type '" + type + "', which is one of the engine's own");
}

// Asks the caller's factory for a trigger, whenever the registry meets a document of its type.
class PluginFactory {
 public:
  PluginFactory(const duetime_trigger_factory& factory, Owned user_data)
      : make_(factory.make), user_data_(std::move(user_data)) {}

  TriggerPtr operator()(const Json& document) const {
    plugin_error().clear();
    std::string type = type_of(document);
    duetime_trigger_plugin made{};
    made.struct_size = sizeof made;
    const int32_t status = make_(user_data_.get(), to_text(document).c_str(), &made);
    if (status != 0) throw_plugin_error(trigger_plugin_named(type), status);
    return make_plugin_trigger(made, adopt(made.user_data, made.release), std::move(type), document);
  }

 private:
  int32_t (*make_)(void*, const char*, duetime_trigger_plugin*);
  Owned user_data_;
};

constexpr const char* kExecutorName = "duetime_executor_plugin";

class PluginExecutor final : public Executor {
 public:
  PluginExecutor(const duetime_executor_plugin& plugin, Owned user_data, std::string alias)
      : plugin_(plugin), user_data_(std::move(user_data)), alias_(std::move(alias)) {}

  void start() override {
    if (plugin_.start == nullptr) return;
    plugin_error().clear();
    const int32_t status = plugin_.start(user_data_.get());
    if (status != 0) throw_plugin_error("executor '" + alias_ + "'", status);
  }

  void submit(std::vector<Execution> executions) override {
    for (Execution& execution : executions) submit_one(std::move(execution));
  }

  std::size_t free_slots() const override {
    if (plugin_.capacity == 0) return SIZE_MAX;
    const auto held = static_cast<std::size_t>(load_.use_count() - 1);
    return plugin_.capacity - std::min<std::size_t>(held, plugin_.capacity);
  }

  bool declines() const override { return true; }

  void shutdown(bool wait) noexcept override {
    if (plugin_.shutdown != nullptr) plugin_.shutdown(user_data_.get(), wait ? 1 : 0);
  }

 private:
  // The plugin may end and destroy the execution before submit() returns.
  void submit_one(Execution execution) {
    const auto host = execution.host;
    const auto claim = execution.claim;
    auto* const handle = make_handle<duetime_execution>(std::move(execution), load_);
    plugin_error().clear();
    const int32_t status = plugin_.submit(user_data_.get(), handle);
    if (status == 0) {
      host->accepted(claim);
      return;
    }
    const std::string said = std::exchange(plugin_error(), {});
    duetime_execution_give_back(
        handle, said.empty() ? ("it answered " + std::to_string(status)).c_str() : said.c_str());
    duetime_execution_destroy(handle);
  }

  const duetime_executor_plugin plugin_;
  const Owned user_data_;
  const std::string alias_;
  const Owned load_ = std::make_shared<char>();  // each execution that has not ended holds a copy
};

}  // namespace

void duetime_plugin_set_error(const char* message) {
  guard([&] { plugin_error() = repaired_text(message); });
}

duetime_status duetime_trigger_create_plugin(const duetime_trigger_plugin* plugin, const char* document,
                                             duetime_trigger** out_trigger) {
  return guard([&] {
    const auto given = read_known_members<duetime_trigger_plugin>(input(plugin, "plugin"), {}, kPluginName);
    Owned user_data = adopt(given.user_data, given.release);
    refuse_unknown_members(*plugin, kPluginName);
    duetime_trigger*& out = output(out_trigger, "out_trigger");
    Json parsed = parse_json(required_text(document, "document"), "trigger document");
    std::string type = plugin_type_of(parsed);
    out = make_handle<duetime_trigger>(
        make_plugin_trigger(given, std::move(user_data), std::move(type), std::move(parsed)));
  });
}

duetime_status duetime_register_trigger_type(const char* type, const duetime_trigger_factory* factory) {
  return guard([&] {
    const auto given =
        read_known_members<duetime_trigger_factory>(input(factory, "factory"), {}, kFactoryName);
    Owned user_data = adopt(given.user_data, given.release);
    refuse_unknown_members(*factory, kFactoryName);
    std::string name = required_text(type, "type");
    if (given.make == nullptr) refuse("duetime_trigger_factory.make is NULL");
    register_trigger_type(std::move(name), PluginFactory(given, std::move(user_data)));
  });
}

duetime_status duetime_register_time_zone(const char* name, duetime_utc_offset_fn utc_offset,
                                          void* user_data) {
  return guard([&] {
    const std::string zone = required_text(name, "name");
    if (utc_offset == nullptr) refuse("utc_offset is NULL");
    const auto offset_at = [&](Instant t) {
      plugin_error().clear();
      int32_t offset = 0;
      const int32_t status = utc_offset(user_data, to_micros(t), &offset);
      if (status != 0) throw_plugin_error("time zone " + zone, status);
      return std::chrono::seconds{offset};
    };
    register_time_zone(TimeZone::from_offsets(zone, offset_at));
  });
}

duetime_status duetime_scheduler_add_executor(duetime_scheduler* scheduler, const char* alias,
                                              const duetime_executor_plugin* plugin) {
  return guard([&] {
    const auto given =
        read_known_members<duetime_executor_plugin>(input(plugin, "plugin"), {}, kExecutorName);
    Owned user_data = adopt(given.user_data, given.release);
    refuse_unknown_members(*plugin, kExecutorName);
    if (given.submit == nullptr) refuse("duetime_executor_plugin.submit is NULL");
    const Use<duetime_scheduler> use(scheduler);
    const std::string name = required_text(alias, "alias");
    use->scheduler.add_executor(name, std::make_shared<PluginExecutor>(given, std::move(user_data), name));
  });
}
