#include "core/triggers/cron.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "core/base/error.h"
#include "core/triggers/cron_explain.h"
#include "core/triggers/cron_expression.h"
#include "core/triggers/cron_schedule.h"
#include "core/triggers/crontab_expression.h"
#include "core/triggers/fire_or_none.h"
#include "core/triggers/phrases.h"
#include "core/triggers/quartz_expression.h"
#include "core/triggers/trigger_document.h"
#include "core/triggers/wall_backlog.h"
#include "core/triggers/wall_fires.h"

namespace duetime {

const std::array<const char*, kCronFieldCount> kCronFieldNames = {"year",        "month", "day",    "week",
                                                                  "day_of_week", "hour",  "minute", "second"};

namespace {

using CronFires = WallFires<CronSchedule>;

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

CronFields parse_fields(const CronRule& rule) {
  const std::size_t least_given = least_significant(rule);
  CronFields fields;
  for (std::size_t i = 0; i < kCronFieldCount; ++i) {
    const auto& text = rule.fields[i];
    fields.of[i] =
        parse_cron_field(static_cast<CronFieldIndex>(i), text ? *text : default_text(i, least_given));
  }
  return fields;
}

CronFields parse(const CronRule& rule) {
  switch (rule.dialect) {
    case CronDialect::kCrontab:
      return parse_crontab(rule.expression);
    case CronDialect::kQuartz:
      return parse_quartz(rule.expression);
    case CronDialect::kApscheduler:
      break;
  }
  return parse_fields(rule);
}

Json fields_document(const CronRule& rule) {
  Json fields = Json::object();
  for (std::size_t i = 0; i < kCronFieldCount; ++i) {
    if (rule.fields[i]) fields[kCronFieldNames[i]] = *rule.fields[i];
  }
  return fields;
}

constexpr std::array<const char*, 3> kDialectNames = {"apscheduler", "crontab", "quartz"};

const char* name_of(CronDialect dialect) { return kDialectNames[static_cast<std::size_t>(dialect)]; }

class CronTrigger final : public Trigger {
 public:
  explicit CronTrigger(const CronRule& rule)
      : fires_(CronSchedule(parse(rule)), rule.zone, rule.dst),
        start_(rule.start),
        end_(rule.end),
        last_(std::chrono::floor<std::chrono::seconds>(rule.end.value_or(kLatestInstant))),
        jitter_(rule.jitter),
        dialect_(rule.dialect),
        text_(dialect_ == CronDialect::kApscheduler ? to_text(fields_document(rule)) : rule.expression) {}

  std::optional<Instant> next_fire_time(std::optional<Instant> previous, Instant now) const override {
    Instant from = previous ? *previous + Duration{1} : now;
    if (start_ && from < *start_) from = *start_;
    if (!is_valid(from)) return std::nullopt;
    const CronFires::Second fire = fires_.at_or_after(std::chrono::ceil<std::chrono::seconds>(from));
    return fire_or_none(std::min(fire, last_), fire <= last_);
  }

  Backlog backlog(Instant first, Instant until, std::size_t keep) const override {
    const auto find = [this](CronFires::Second from) { return fire_from(from); };
    return WallBacklog(find).of(first, until, keep);
  }

  Duration jitter(Instant) const override { return jitter_; }

  const TimeZone& zone() const override { return fires_.zone(); }

  std::string explain() const override {
    return explain_cron(parse(rule())) + limits_phrase(start_, end_, zone()) + in_zone(zone()) +
           jitter_phrase(jitter_);
  }

  std::string_view type() const override { return "cron"; }

  Json document() const override {
    Json document{
        {"type", type()}, {"timezone", fires_.zone().name()}, {"dst", duetime::name_of(fires_.dst())}};
    if (dialect_ == CronDialect::kApscheduler) {
      document["fields"] = fields_json();
    } else {
      document["dialect"] = name_of(dialect_);
      document["expression"] = text_;
    }
    put(document, "start", start_);
    put(document, "end", end_);
    put_jitter(document, jitter_);
    return document;
  }

 private:
  Json fields_json() const { return parse_json(text_, "cron fields"); }

  // What the text says; the compiled schedule no longer tells how it was written.
  CronRule rule() const {
    CronRule rule;
    rule.dialect = dialect_;
    if (dialect_ != CronDialect::kApscheduler) {
      rule.expression = text_;
      return rule;
    }
    const Json fields = fields_json();
    for (std::size_t i = 0; i < kCronFieldCount; ++i) {
      if (const auto field = fields.find(kCronFieldNames[i]); field != fields.end()) rule.fields[i] = *field;
    }
    return rule;
  }

  // The first fire within start and end, or kNoFire.
  CronFires::Second fire_from(CronFires::Second from) const {
    if (start_) from = std::max(from, std::chrono::ceil<std::chrono::seconds>(*start_));
    if (!is_valid(from)) return CronFires::kNoFire;
    const CronFires::Second fire = fires_.at_or_after(from);
    return fire <= last_ ? fire : CronFires::kNoFire;
  }

  CronFires fires_;
  std::optional<Instant> start_;
  std::optional<Instant> end_;
  CronFires::Second last_;  // the end, or that of time
  Duration jitter_;
  CronDialect dialect_;
  std::string text_;  // the expression, or the fields as JSON: eight strings would cost a million jobs much
};

CronDialect read_dialect(const TriggerDocument& read) {
  const auto name = read.text("dialect");
  if (!name) return CronDialect::kApscheduler;
  const auto found = std::find(kDialectNames.begin(), kDialectNames.end(), *name);
  if (found == kDialectNames.end()) {
    read.refuse("dialect",
                "got " + to_text(Json(*name)) + ", expected \"apscheduler\", \"crontab\" or \"quartz\"");
  }
  return static_cast<CronDialect>(found - kDialectNames.begin());
}

void read_field(const TriggerDocument& read, const std::string& name, const Json& text, CronRule& rule) {
  const auto found = std::find(kCronFieldNames.begin(), kCronFieldNames.end(), name);
  if (found == kCronFieldNames.end()) read.refuse("fields", "there is no field \"" + name + "\"");
  if (!text.is_string()) read.refuse("fields." + name, "got " + to_text(text) + ", expected a string");
  rule.fields[static_cast<std::size_t>(found - kCronFieldNames.begin())] = text.get<std::string>();
}

// Fields or an expression, whichever the dialect has.
void read_fields(const TriggerDocument& read, CronRule& rule) {
  const Json* fields = read.object("fields");
  const auto expression = read.text("expression");
  if (rule.dialect == CronDialect::kApscheduler) {
    if (expression) read.refuse("expression", "dialect \"apscheduler\" has fields instead");
    if (fields == nullptr) return;
    for (const auto& [name, text] : fields->items()) read_field(read, name, text, rule);
    return;
  }
  const std::string dialect = "dialect \"" + std::string(name_of(rule.dialect)) + "\" has an expression";
  if (fields != nullptr) read.refuse("fields", dialect + " instead");
  if (!expression) read.refuse("expression", "missing, " + dialect);
  rule.expression = *expression;
}

void check_fields(const CronRule& rule) {
  const bool has_fields = least_significant(rule) != kCronFieldCount;
  const bool has_expression = !rule.expression.empty();
  const bool is_apscheduler = rule.dialect == CronDialect::kApscheduler;
  if (is_apscheduler ? !has_expression : !has_fields) return;
  throw Error(ErrorCode::kInvalidArgument,
              std::string("cron trigger: dialect \"") + name_of(rule.dialect) + "\" has " +
                  (is_apscheduler ? "fields, not an expression" : "an expression, not fields"));
}

std::string trimmed(const std::string& text) {
  constexpr const char* kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

DstPolicy default_dst(CronDialect dialect) {
  return dialect == CronDialect::kApscheduler ? DstPolicy::kApscheduler : DstPolicy::kVixie;
}

TriggerPtr make_cron_trigger(const CronRule& rule) {
  check_fields(rule);
  check_instant("start", rule.start);
  check_instant("end", rule.end);
  check_jitter(rule.jitter);
  CronRule clean = rule;
  clean.expression = trimmed(rule.expression);
  return std::make_shared<CronTrigger>(clean);
}

TriggerPtr make_cron_trigger(const Json& document) {
  const TriggerDocument read(
      document, {"fields", "expression", "timezone", "dst", "start", "end", "jitter_us", "dialect"});
  CronRule rule;
  rule.dialect = read_dialect(read);
  read_fields(read, rule);
  rule.zone = read.zone("timezone");
  rule.start = read.instant("start");
  rule.end = read.instant("end");
  rule.jitter = read.duration("jitter_us").value_or(Duration{0});
  rule.dst = read_dst(read, default_dst(rule.dialect));
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
