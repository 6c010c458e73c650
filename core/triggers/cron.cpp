#include "core/triggers/cron.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "core/base/error.h"
#include "core/triggers/cron_expression.h"
#include "core/triggers/cron_schedule.h"
#include "core/triggers/fire_or_none.h"
#include "core/triggers/trigger_document.h"
#include "core/triggers/wall_fires.h"

namespace duetime {

const std::array<const char*, kCronFieldCount> kCronFieldNames = {"year",        "month", "day",    "week",
                                                                  "day_of_week", "hour",  "minute", "second"};

namespace {

using CronFires = WallFires<CronSchedule>;

// So many missed fires are counted one by one; of more, only the number is given as a lower bound.
constexpr std::size_t kCountedDrops = 256;

// What a field means that was left out: its minimum below the least significant one that was given, else all.
const char* default_text(std::size_t field, std::size_t least_given) {
  const bool is_week = field == kWeek || field == kDayOfWeek;
  if (field < least_given || is_week || field == kYear) return "*";
  return field == kMonth || field == kDay ? "1" : "0";
}

std::size_t least_significant(const CronRule& rule) {
  std::size_t least = kCronFieldCount;
  for (std::size_t i = 0; i < kCronFieldCount; ++i) {
    if (rule.fields[i]) least = i;
  }
  return least;
}

CronSchedule compile(const CronRule& rule) {
  const std::size_t least_given = least_significant(rule);
  std::array<std::vector<CronExpression>, kCronFieldCount> fields;
  for (std::size_t i = 0; i < kCronFieldCount; ++i) {
    const auto& text = rule.fields[i];
    fields[i] = parse_cron_field(static_cast<CronFieldIndex>(i), text ? *text : default_text(i, least_given));
  }
  return CronSchedule(fields);
}

Json fields_document(const CronRule& rule) {
  Json fields = Json::object();
  for (std::size_t i = 0; i < kCronFieldCount; ++i) {
    if (rule.fields[i]) fields[kCronFieldNames[i]] = *rule.fields[i];
  }
  return fields;
}

class CronTrigger final : public Trigger {
 public:
  explicit CronTrigger(const CronRule& rule)
      : fires_(compile(rule), rule.zone, rule.dst),
        start_(rule.start),
        end_(rule.end),
        last_(std::chrono::floor<std::chrono::seconds>(rule.end.value_or(kLatestInstant))),
        jitter_(rule.jitter),
        fields_(to_text(fields_document(rule))) {}

  std::optional<Instant> next_fire_time(std::optional<Instant> previous, Instant now) const override {
    Instant from = previous ? *previous + Duration{1} : now;
    if (start_ && from < *start_) from = *start_;
    if (!is_valid(from)) return std::nullopt;
    const CronFires::Second fire = fires_.at_or_after(std::chrono::ceil<std::chrono::seconds>(from));
    return fire_or_none(std::min(fire, last_), fire <= last_);
  }

  Backlog backlog(Instant first, Instant until, std::size_t keep) const override {
    Backlog backlog = count(first, until, keep + std::min(kCountedDrops, SIZE_MAX - keep));
    if (backlog.next && *backlog.next <= until) return latest(first, until, keep);
    if (backlog.fires.size() <= keep) return backlog;
    const auto surplus = static_cast<std::ptrdiff_t>(backlog.fires.size() - keep);
    backlog.fires.erase(backlog.fires.begin(), backlog.fires.begin() + surplus);
    backlog.dropped = surplus;
    return backlog;
  }

  Duration jitter(Instant) const override { return jitter_; }

  const TimeZone& zone() const override { return fires_.zone(); }

  std::string_view type() const override { return "cron"; }

  Json document() const override {
    Json document{{"type", type()},
                  {"fields", parse_json(fields_, "cron fields")},
                  {"timezone", fires_.zone().name()},
                  {"dst", name_of(fires_.dst())}};
    put(document, "start", start_);
    put(document, "end", end_);
    put_jitter(document, jitter_);
    return document;
  }

 private:
  // Step by step from `first`, which is a fire even where the rule has none: it may have been set by hand.
  Backlog count(Instant first, Instant until, std::size_t max) const {
    Backlog backlog;
    backlog.next = first;
    while (backlog.next && *backlog.next <= until && backlog.fires.size() < max) {
      backlog.fires.push_back(*backlog.next);
      backlog.next = next_fire_time(backlog.next, until);
    }
    return backlog;
  }

  // Requires: more than keep + kCountedDrops fires in [first, until].
  Backlog latest(Instant first, Instant until, std::size_t keep) const {
    Backlog backlog;
    CronFires::Second limit = std::min(std::chrono::floor<std::chrono::seconds>(until), last_);
    const auto from = std::chrono::ceil<std::chrono::seconds>(first);
    while (backlog.fires.size() < keep) {
      const CronFires::Second fire = fires_.last_at_or_before(limit, from);
      backlog.fires.push_back(fire);
      limit = fire - std::chrono::seconds{1};
    }
    std::reverse(backlog.fires.begin(), backlog.fires.end());
    backlog.dropped = kCountedDrops;
    backlog.dropped_is_exact = false;
    backlog.next = next_fire_time(until, until);
    return backlog;
  }

  CronFires fires_;
  std::optional<Instant> start_;
  std::optional<Instant> end_;
  CronFires::Second last_;  // the end, or that of time
  Duration jitter_;
  std::string fields_;  // JSON; a string of its own would cost each of a million jobs eight of them
};

void check_dialect(const TriggerDocument& read) {
  const auto dialect = read.text("dialect");
  if (dialect && *dialect != "apscheduler") {
    read.refuse("dialect", "got \"" + *dialect + "\", expected \"apscheduler\"");
  }
}

void read_field(const TriggerDocument& read, const std::string& name, const Json& text, CronRule& rule) {
  const auto found = std::find(kCronFieldNames.begin(), kCronFieldNames.end(), name);
  if (found == kCronFieldNames.end()) read.refuse("fields", "there is no field \"" + name + "\"");
  if (!text.is_string()) read.refuse("fields." + name, "got " + to_text(text) + ", expected a string");
  rule.fields[static_cast<std::size_t>(found - kCronFieldNames.begin())] = text.get<std::string>();
}

}  // namespace

TriggerPtr make_cron_trigger(const CronRule& rule) {
  check_instant("start", rule.start);
  check_instant("end", rule.end);
  check_jitter(rule.jitter);
  return std::make_shared<CronTrigger>(rule);
}

TriggerPtr make_cron_trigger(const Json& document) {
  const TriggerDocument read(document, {"fields", "timezone", "dst", "start", "end", "jitter_us", "dialect"});
  CronRule rule;
  if (const Json* fields = read.object("fields")) {
    for (const auto& [name, text] : fields->items()) read_field(read, name, text, rule);
  }
  rule.zone = read.zone("timezone");
  rule.start = read.instant("start");
  rule.end = read.instant("end");
  rule.jitter = read.duration("jitter_us").value_or(Duration{0});
  rule.dst = read_dst(read, DstPolicy::kApscheduler);
  check_dialect(read);
  return make_cron_trigger(rule);
}

CronRule crontab_rule(const std::string& expression) {
  std::istringstream words(expression);
  std::vector<std::string> values;
  for (std::string word; words >> word;) values.push_back(word);
  constexpr std::array<CronFieldIndex, 5> kOrder = {kMinute, kHour, kDay, kMonth, kDayOfWeek};
  if (values.size() != kOrder.size()) {
    throw Error(ErrorCode::kInvalidArgument,
                "Wrong number of fields; got " + std::to_string(values.size()) + ", expected 5");
  }
  CronRule rule;
  for (std::size_t i = 0; i < kOrder.size(); ++i) rule.fields[kOrder[i]] = values[i];
  return rule;
}

}  // namespace duetime
