#include "core/triggers/rrule.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/triggers/fire_or_none.h"
#include "core/triggers/phrases.h"
#include "core/triggers/rrule_explain.h"
#include "core/triggers/rrule_expression.h"
#include "core/triggers/rrule_schedule.h"
#include "core/triggers/trigger_document.h"
#include "core/triggers/wall_backlog.h"
#include "core/triggers/wall_fires.h"

namespace duetime {
namespace {

using Second = std::chrono::sys_seconds;
using std::chrono::seconds;

constexpr Second kNoFire = WallFires<RRuleSchedule>::kNoFire;

Second second_of(Instant t) { return std::chrono::floor<seconds>(t); }

RRuleExclusions exclusions_of(const RRuleRule& rule) {
  std::vector<RRuleExclusions::Span> spans;
  for (const RRuleExclusion& excluded : rule.exdates) {
    const int64_t begin = excluded.time.time_since_epoch().count();
    spans.push_back({begin, begin + (excluded.whole_day ? 86'400 : 1)});
  }
  return RRuleExclusions(std::move(spans));
}

// RDATEs in order, as instants, without those that an EXDATE takes away.
std::vector<Second> added_fires(const RRuleRule& rule) {
  const RRuleExclusions excluded = exclusions_of(rule);
  std::vector<Second> fires;
  for (const WallSecond time : rule.rdates) {
    const int64_t wall = time.time_since_epoch().count();
    if (excluded.next_allowed(wall) == wall)
      fires.push_back(second_of(rule.zone.lookup(CivilTime{time}).pre));
  }
  std::sort(fires.begin(), fires.end());
  return fires;
}

Json dates_document(const RRuleRule& rule) {
  Json dates{{"rrule", rule.rrule}, {"dtstart", to_text(rule.dtstart)}};
  for (const RRuleExclusion& excluded : rule.exdates) {
    dates["exdates"].push_back(excluded.whole_day ? day_to_text(excluded.time) : to_text(excluded.time));
  }
  for (const WallSecond time : rule.rdates) dates["rdates"].push_back(to_text(time));
  return dates;
}

class RRuleTrigger final : public Trigger {
 public:
  RRuleTrigger(const RRuleRule& rule, const RRuleExpression& expression)
      : fires_(RRuleSchedule(expression, rule.dtstart, exclusions_of(rule)), rule.zone, DstPolicy::kRfc5545),
        added_(added_fires(rule)),
        until_(second_of(expression.until.value_or(kLatestInstant))),
        last_(second_of(rule.end.value_or(kLatestInstant))),
        start_(rule.start),
        end_(rule.end),
        jitter_(rule.jitter),
        dates_(to_text(dates_document(rule))) {}

  std::optional<Instant> next_fire_time(std::optional<Instant> previous, Instant now) const override {
    const Instant from = previous ? *previous + Duration{1} : now;
    if (from > kLatestInstant) return std::nullopt;
    const Second fire = at_or_after(std::chrono::ceil<seconds>(from));
    return fire_or_none(std::min(fire, last_), fire != kNoFire);
  }

  Backlog backlog(Instant first, Instant until, std::size_t keep) const override {
    const auto find = [this](Second from) { return at_or_after(from); };
    return WallBacklog(find).of(first, until, keep);
  }

  Duration jitter(Instant) const override { return jitter_; }

  const TimeZone& zone() const override { return fires_.zone(); }

  std::string explain() const override {
    const Json dates = parse_json(dates_, "rrule dates");
    const RRuleExpression rule = parse_rrule(dates.at("rrule").get<std::string>());
    return explain_rrule(rule, read_wall_time(dates.at("dtstart").get<std::string>())->time, zone()) +
           listed_phrase(dates, "exdates", "without") + listed_phrase(dates, "rdates", "with") +
           limits_phrase(start_, end_, zone()) + in_zone(zone()) + jitter_phrase(jitter_);
  }

  std::string_view type() const override { return "rrule"; }

  Json document() const override {
    Json document = parse_json(dates_, "rrule dates");
    document["type"] = type();
    document["timezone"] = zone().name();
    put(document, "start", start_);
    put(document, "end", end_);
    put_jitter(document, jitter_);
    return document;
  }

 private:
  // The first fire, within start and end, or kNoFire.
  Second at_or_after(Second from) const {
    from = std::max(from, std::chrono::ceil<seconds>(start_.value_or(kEarliestInstant)));
    if (from > last_) return kNoFire;
    const Second recurrence = fires_.at_or_after(from);
    const auto added = std::lower_bound(added_.begin(), added_.end(), from);
    const Second fire =
        std::min(recurrence > until_ ? kNoFire : recurrence, added == added_.end() ? kNoFire : *added);
    return fire > last_ ? kNoFire : fire;
  }

  static std::string listed_phrase(const Json& dates, const char* member, const char* word) {
    const auto found = dates.find(member);
    if (found == dates.end()) return "";
    return std::string(", ") + word + " " + counted(static_cast<int64_t>(found->size()), "listed date");
  }

  WallFires<RRuleSchedule> fires_;
  std::vector<Second> added_;
  Second until_;
  Second last_;  // the end, or that of time
  std::optional<Instant> start_;
  std::optional<Instant> end_;
  Duration jitter_;
  std::string dates_;  // JSON: what only document() and explain() need
};

WrittenTime read_time(const TriggerDocument& read, const std::string& member, const Json& value,
                      bool may_be_day) {
  const auto written = value.is_string() ? read_wall_time(value.get<std::string>()) : std::nullopt;
  if (written && (may_be_day || !written->is_day)) return *written;
  read.refuse(member, "got " + to_text(value) + ", expected a wall time like \"2026-11-23T09:00:00\"" +
                          (may_be_day ? " or a day like \"2026-11-23\"" : ""));
}

void read_dates(const TriggerDocument& read, RRuleRule& rule) {
  if (const Json* exdates = read.array("exdates")) {
    for (const Json& value : *exdates) {
      const WrittenTime written = read_time(read, "exdates", value, true);
      rule.exdates.push_back({written.time, written.is_day});
    }
  }
  if (const Json* rdates = read.array("rdates")) {
    for (const Json& value : *rdates) rule.rdates.push_back(read_time(read, "rdates", value, false).time);
  }
}

}  // namespace

TriggerPtr make_rrule_trigger(const RRuleRule& rule) {
  const RRuleExpression expression = parse_rrule(rule.rrule);
  check_instant("start", rule.start);
  check_instant("end", rule.end);
  check_jitter(rule.jitter);
  return std::make_shared<RRuleTrigger>(rule, expression);
}

TriggerPtr make_rrule_trigger(const Json& document) {
  const TriggerDocument read(
      document, {"rrule", "dtstart", "timezone", "exdates", "rdates", "start", "end", "jitter_us"});
  const auto text = read.text("rrule");
  const auto dtstart = read.text("dtstart");
  if (!text) read.refuse("rrule", "missing, expected a rule like \"FREQ=DAILY\"");
  if (!dtstart) read.refuse("dtstart", "missing, expected a wall time like \"2026-11-23T09:00:00\"");
  RRuleRule rule;
  rule.rrule = *text;
  rule.dtstart = read_time(read, "dtstart", *dtstart, false).time;
  rule.zone = read.zone("timezone");
  read_dates(read, rule);
  rule.start = read.instant("start");
  rule.end = read.instant("end");
  rule.jitter = read.duration("jitter_us").value_or(Duration{0});
  return make_rrule_trigger(rule);
}

}  // namespace duetime
