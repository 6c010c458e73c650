#include <duetime/plugin.h>

#include <memory>
#include <string>
#include <utility>

#include "capi/src/conversions.h"
#include "capi/src/guard.h"
#include "capi/src/handles.h"
#include "capi/src/owned.h"
#include "capi/src/plugin_error.h"
#include "capi/src/struct_size.h"
#include "core/jobstores/record_store.h"

using namespace duetime;
using namespace duetime::capi;

std::string& duetime::capi::plugin_answer() noexcept {
  thread_local std::string answer;
  return answer;
}

namespace {

constexpr const char* kName = "duetime_job_store_plugin";
constexpr uint32_t kFewestOperations = 16;

ErrorCode store_error(duetime_status status, ErrorCode otherwise) {
  switch (status) {
    case DUETIME_ERROR_STORE_UNAVAILABLE:
    case DUETIME_ERROR_STORE_FULL:
    case DUETIME_ERROR_STORE_CORRUPT:
    case DUETIME_ERROR_NEWER_VERSION:
    case DUETIME_ERROR_TIMEOUT:
      return static_cast<ErrorCode>(status);
    default:
      return otherwise;
  }
}

class PluginStorage final : public RecordStorage {
 public:
  PluginStorage(const duetime_job_store_plugin& plugin, Owned user_data, std::string name)
      : plugin_(plugin), user_data_(std::move(user_data)), name_(std::move(name)) {}

  std::string description() const override { return name_; }

  std::size_t max_operations() const override {
    return plugin_.max_operations == 0 ? SIZE_MAX : plugin_.max_operations;
  }

  void open() override {
    if (plugin_.open != nullptr) check(call(plugin_.open));
  }

  void close() noexcept override {
    if (plugin_.close != nullptr) plugin_.close(user_data_.get());
  }

  std::optional<Instant> now() override {
    if (plugin_.now == nullptr) return std::nullopt;
    duetime_time now = DUETIME_TIME_NONE;
    check(call(plugin_.now, &now));
    if (is_valid(from_micros(now))) return from_micros(now);
    fail(ErrorCode::kStoreCorrupt, "its clock says " + std::to_string(now));
  }

  int64_t draw(std::size_t count) override {
    int64_t first = 0;
    check(call(plugin_.draw, static_cast<uint32_t>(count), &first));
    if (first >= 1 && first <= INT64_MAX - static_cast<int64_t>(count)) return first;
    fail(ErrorCode::kStoreCorrupt, "it drew the number " + std::to_string(first));
  }

  Json read(const Json& question) override {
    plugin_answer().clear();
    check(call(plugin_.read, to_text(question).c_str()));
    const std::string answer = std::exchange(plugin_answer(), {});
    Json parsed = Json::parse(answer, nullptr, false);
    if (parsed.is_object()) return parsed;
    fail(ErrorCode::kStoreCorrupt, "its answer to " + to_text(question.at("ask")) + " is no JSON object");
  }

  bool write(const Json& operations) override {
    const duetime_status status = call(plugin_.write, to_text(operations).c_str());
    if (status == DUETIME_ERROR_CONFLICT) return false;
    check(status, ErrorCode::kTimeout);
    return true;
  }

  void abandon_after_fork() noexcept override {
    if (plugin_.forked != nullptr) plugin_.forked(user_data_.get());
  }

 private:
  template <typename Function, typename... Arguments>
  duetime_status call(Function function, Arguments... arguments) {
    plugin_error().clear();
    return function(user_data_.get(), arguments...);
  }

  void check(duetime_status status, ErrorCode otherwise = ErrorCode::kStoreUnavailable) const {
    if (status == DUETIME_OK) return;
    const std::string said = std::exchange(plugin_error(), {});
    fail(store_error(status, otherwise), said.empty() ? "it answered " + std::to_string(status) : said);
  }

  [[noreturn]] void fail(ErrorCode code, const std::string& why) const {
    throw Error(code, name_ + ": " + why);
  }

  const duetime_job_store_plugin plugin_;
  const Owned user_data_;
  const std::string name_;
};

void require_functions(const duetime_job_store_plugin& plugin) {
  if (plugin.draw == nullptr) refuse("duetime_job_store_plugin.draw is NULL");
  if (plugin.read == nullptr) refuse("duetime_job_store_plugin.read is NULL");
  if (plugin.write == nullptr) refuse("duetime_job_store_plugin.write is NULL");
  if (plugin.max_operations != 0 && plugin.max_operations < kFewestOperations) {
    refuse("duetime_job_store_plugin.max_operations is " + std::to_string(plugin.max_operations) +
           "; expected 0 or at least 16");
  }
}

}  // namespace

void duetime_plugin_set_answer(const char* answer) {
  guard([&] { plugin_answer() = required_text(answer, "answer"); });
}

duetime_status duetime_scheduler_add_store_plugin(duetime_scheduler* scheduler, const char* alias,
                                                  const char* name, const duetime_job_store_plugin* plugin) {
  return guard([&] {
    const auto given = read_known_members<duetime_job_store_plugin>(input(plugin, "plugin"), {}, kName);
    Owned user_data = adopt(given.user_data, given.release);
    refuse_unknown_members(*plugin, kName);
    require_functions(given);
    const Use<duetime_scheduler> use(scheduler);
    const std::string store = required_text(alias, "alias");
    use->scheduler.add_store(store, make_record_job_store(std::make_shared<PluginStorage>(
                                        given, std::move(user_data), required_text(name, "name"))));
  });
}
