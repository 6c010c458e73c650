#include <duetime/plugin.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "capi/src/conversions.h"
#include "capi/src/guard.h"
#include "capi/src/handles.h"
#include "capi/src/owned.h"
#include "capi/src/struct_size.h"
#include "core/jobs/job.h"

using namespace duetime;
using namespace duetime::capi;

namespace {

constexpr const char* kName = "duetime_clock_plugin";

class PluginClock final : public AnnouncingClock {
 public:
  PluginClock(const duetime_clock_plugin& plugin, Owned user_data, std::string boot_id)
      : plugin_(plugin), user_data_(std::move(user_data)), boot_id_(std::move(boot_id)) {}

  Instant now() const override {
    return std::clamp(from_micros(plugin_.now(user_data_.get())), kEarliestInstant, kLatestInstant);
  }

  Duration boot_time() const override {
    return plugin_.boot_time ? Duration{plugin_.boot_time(user_data_.get())} : system_->boot_time();
  }

  std::string boot_id() const override { return plugin_.boot_time ? boot_id_ : system_->boot_id(); }

 private:
  void awaited(Instant when) override {
    if (plugin_.awaited != nullptr) plugin_.awaited(user_data_.get(), to_micros(when));
  }

  const duetime_clock_plugin plugin_;
  const Owned user_data_;
  const std::string boot_id_;
  const std::shared_ptr<Clock> system_ = system_clock();
};

// "" where there is none.
std::string boot_id_of(const duetime_clock_plugin& given) {
  if ((given.boot_time == nullptr) != (given.boot_id == nullptr)) {
    refuse("duetime_clock_plugin has one of boot_time and boot_id; expected both or neither");
  }
  if (given.boot_id == nullptr) return {};
  std::string id = required_text(given.boot_id, "duetime_clock_plugin.boot_id");
  if (id.size() <= kMaxIdBytes) return id;
  refuse("duetime_clock_plugin.boot_id has " + std::to_string(id.size()) + " bytes; expected at most " +
         std::to_string(kMaxIdBytes));
}

}  // namespace

duetime_status duetime_clock_create_plugin(const duetime_clock_plugin* plugin, duetime_clock** out_clock) {
  return guard([&] {
    const auto given = read_known_members<duetime_clock_plugin>(input(plugin, "plugin"), {}, kName);
    Owned user_data = adopt(given.user_data, given.release);
    refuse_unknown_members(*plugin, kName);
    duetime_clock*& out = output(out_clock, "out_clock");
    if (given.now == nullptr) refuse("duetime_clock_plugin.now is NULL");
    out = make_handle<duetime_clock>(
        std::make_shared<PluginClock>(given, std::move(user_data), boot_id_of(given)));
  });
}

duetime_status duetime_clock_wake(duetime_clock* clock, int32_t was_set, duetime_time* out_next) {
  return guard([&] {
    const Use<duetime_clock> use(clock);
    const bool set = to_flag(was_set, "was_set");
    if (dynamic_cast<ManualClock*>(use->clock.get()) != nullptr) {
      throw Error(ErrorCode::kUnsupported, "a manual clock wakes who sleeps by itself");
    }
    const Instant next = use->clock->announce(set);
    if (out_next != nullptr) *out_next = to_micros(next);
  });
}
