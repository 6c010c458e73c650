#include "core/triggers/date.h"

#include "core/triggers/phrases.h"
#include "core/triggers/trigger_document.h"

namespace duetime {
namespace {

class DateTrigger final : public Trigger {
 public:
  explicit DateTrigger(const DateRule& rule) : rule_(rule) {}

  std::optional<Instant> next_fire_time(std::optional<Instant> previous, Instant) const override {
    return previous ? std::nullopt : std::optional(rule_.run_time);
  }

  std::optional<Instant> first_from(Instant from, std::optional<Instant>) const override {
    return rule_.run_time >= from ? std::optional(rule_.run_time) : std::nullopt;
  }

  const TimeZone& zone() const override { return rule_.zone; }

  std::string_view type() const override { return "date"; }

  std::string explain() const override {
    return "once, on " + wall_text(rule_.run_time, rule_.zone) + in_zone(rule_.zone);
  }

  Json document() const override {
    return {{"type", type()}, {"run_time", to_string(rule_.run_time)}, {"timezone", rule_.zone.name()}};
  }

 private:
  DateRule rule_;
};

}  // namespace

TriggerPtr make_date_trigger(const DateRule& rule) {
  check_instant("run_time", rule.run_time);
  return std::make_shared<DateTrigger>(rule);
}

TriggerPtr make_date_trigger(const Json& document) {
  const TriggerDocument read(document, {"run_time", "timezone"});
  const auto run_time = read.instant("run_time");
  if (!run_time) read.refuse("run_time", "missing, expected an instant");
  return make_date_trigger(DateRule{*run_time, read.zone("timezone")});
}

}  // namespace duetime
