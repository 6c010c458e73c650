#include "core/triggers/registry.h"

#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "core/base/error.h"
#include "core/triggers/calendar_interval.h"
#include "core/triggers/combining.h"
#include "core/triggers/cron.h"
#include "core/triggers/date.h"
#include "core/triggers/exclusion.h"
#include "core/triggers/interval.h"
#include "core/triggers/rrule.h"
#include "core/triggers/trigger_document.h"

namespace duetime {
namespace {

using Factory = std::function<TriggerPtr(const Json&)>;

struct OwnType {
  std::string_view type;
  TriggerPtr (*make)(const Json&);
};

constexpr OwnType kOwnTypes[] = {
    {"date", make_date_trigger},     {"interval", make_interval_trigger},
    {"cron", make_cron_trigger},     {"calendar_interval", make_calendar_interval_trigger},
    {"and", make_and_trigger},       {"or", make_or_trigger},
    {"not", make_exclusion_trigger}, {"rrule", make_rrule_trigger},
};

const OwnType* find_own(std::string_view type) {
  for (const OwnType& own : kOwnTypes) {
    if (own.type == type) return &own;
  }
  return nullptr;
}

// Leaked on purpose: a thread may still make triggers while the process exits.
struct Plugins {
  std::shared_mutex mutex;
  std::map<std::string, Factory, std::less<>> factories;
};

Plugins& plugins() {
  static Plugins& instance = *new Plugins;
  return instance;
}

Factory find_plugin(std::string_view type) {
  const std::shared_lock lock(plugins().mutex);
  const auto found = plugins().factories.find(type);
  return found == plugins().factories.end() ? Factory() : found->second;
}

}  // namespace

TriggerPtr make_trigger(const Json& document) {
  const std::string type = trigger_type_of(document);
  if (const OwnType* own = find_own(type)) return own->make(document);
  const Factory factory = find_plugin(type);
  if (!factory) throw Error(ErrorCode::kNotFound, "no trigger type \"" + type + "\"");
  TriggerPtr trigger = factory(document);
  if (!trigger)
    throw Error(ErrorCode::kCallback, "the factory of trigger type \"" + type + "\" made nothing");
  return trigger;
}

void register_trigger_type(std::string type, Factory factory) {
  if (type.empty() || !factory || find_own(type) != nullptr) {
    throw Error(
        ErrorCode::kInvalidArgument,
        "trigger type \"" + type + "\": expected a factory and a name that is not one of the engine's own");
  }
  const std::unique_lock lock(plugins().mutex);
  plugins().factories[std::move(type)].swap(
      factory);  // the earlier one dies with the parameter, after the lock
}

bool is_engine_trigger_type(std::string_view type) { return find_own(type) != nullptr; }

}  // namespace duetime
