#include "core/triggers/zone_renewal.h"

#include <algorithm>
#include <array>

#include "core/triggers/registry.h"

namespace duetime {
namespace {

constexpr std::array<std::string_view, 2> kOnTheUtcLine = {"date", "interval"};  // zones for display only
constexpr std::array<std::string_view, 3> kMadeOfOthers = {"and", "or",
                                                           "not"};  // each part with its own zone

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& types, std::string_view type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

}  // namespace

TriggerPtr with_current_zones(const TriggerPtr& trigger) {
  if (trigger->calls_out() || is_one_of(kOnTheUtcLine, trigger->type())) return trigger;
  TriggerPtr renewed = make_trigger(trigger->document());
  const bool same =
      renewed->zone().has_same_data_as(trigger->zone()) && !is_one_of(kMadeOfOthers, trigger->type());
  return same ? trigger : renewed;
}

}  // namespace duetime
