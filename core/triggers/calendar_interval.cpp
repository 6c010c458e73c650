#include "core/triggers/calendar_interval.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/time/civil_text.h"
#include "core/triggers/phrases.h"
#include "core/triggers/trigger_document.h"

namespace duetime {
namespace {

constexpr int kLastYear = 9999;
constexpr int kMaxMonths = kLastYear * 12;
constexpr int kMaxDays = kLastYear * 366;
constexpr int kDatesPerMilestone = 16;

int months_of(const date::year_month_day& ymd) {
  return static_cast<int>(ymd.year()) * 12 + static_cast<int>(static_cast<unsigned>(ymd.month())) - 1;
}

// The day of the month in the month with this number since the year 0; not ok() if there is none.
date::year_month_day day_in(int months, date::day day) {
  return date::year{months / 12} / (months % 12 + 1) / day;
}

class CalendarIntervalTrigger final : public Trigger {
 public:
  explicit CalendarIntervalTrigger(const CalendarIntervalRule& rule)
      : rule_(rule), step_months_(rule.years * 12 + rule.months), step_days_(rule.weeks * 7 + rule.days) {
    if (rule.start && step_months_ != 0 && step_days_ != 0) list_milestones(*rule.start);
  }

  std::optional<Instant> next_fire_time(std::optional<Instant> previous, Instant now) const override {
    if (!previous) return first_from(now, std::nullopt);
    return first_shown(next_day(day_of(*previous)), *previous + Duration{1});
  }

  std::optional<Instant> first_from(Instant from, std::optional<Instant> anchor) const override {
    const CivilDay begin = rule_.start ? *rule_.start : day_of(anchor.value_or(from));
    return first_shown(passed_over(begin, day_of(from)), from);
  }

  Duration jitter(Instant) const override { return rule_.jitter; }

  const TimeZone& zone() const override { return rule_.zone; }

  std::string_view type() const override { return "calendar_interval"; }

  Json document() const override {
    Json document{
        {"type", type()}, {"time", time_of_day_text(rule_.time_of_day)}, {"timezone", rule_.zone.name()}};
    const auto put_count = [&](const char* member, int count) {
      if (count != 0) document[member] = count;
    };
    put_count("years", rule_.years);
    put_count("months", rule_.months);
    put_count("weeks", rule_.weeks);
    put_count("days", rule_.days);
    if (rule_.start) document["start_date"] = to_text(*rule_.start);
    if (rule_.end) document["end_date"] = to_text(*rule_.end);
    put_jitter(document, rule_.jitter);
    return document;
  }

  std::string explain() const override {
    std::vector<std::string> parts;
    for (const auto& [count, unit] : {std::pair{rule_.years, "year"}, std::pair{rule_.months, "month"},
                                      std::pair{rule_.weeks, "week"}, std::pair{rule_.days, "day"}}) {
      if (count != 0) parts.push_back(counted(count, unit));
    }
    std::string text = parts.size() == 1
                           ? every(rule_.years + rule_.months + rule_.weeks + rule_.days, parts.front())
                           : "every " + listed(parts, "and");
    text += " at " + short_time_text(rule_.time_of_day);
    if (rule_.start) text += ", from " + to_text(*rule_.start);
    if (rule_.end) text += ", until " + to_text(*rule_.end);
    return text + in_zone(rule_.zone) + jitter_phrase(rule_.jitter);
  }

 private:
  CivilDay day_of(Instant t) const { return date::floor<date::days>(rule_.zone.to_civil(t)); }

  // The date after `day`, or nullopt past 9999.
  std::optional<CivilDay> next_day(CivilDay day) const {
    const date::year_month_day ymd{day};
    int months = months_of(ymd) + step_months_;
    while (months < kMaxMonths + 12 && !day_in(months, ymd.day()).ok()) months += step_months_;
    if (months >= kMaxMonths + 12) return std::nullopt;
    const CivilDay next = CivilDay{day_in(months, ymd.day())} + date::days{step_days_};
    return date::year_month_day{next}.year() > date::year{kLastYear} ? std::nullopt : std::optional(next);
  }

  // From 0001 on, one month and one day at a time, there are 24,000 dates until 2026.
  void list_milestones(CivilDay begin) {
    int dates = 0;
    for (auto day = std::optional(begin); day && !(rule_.end && *day > *rule_.end); day = next_day(*day)) {
      if (dates++ % kDatesPerMilestone == 0) milestones_.push_back(*day);
    }
  }

  CivilDay last_milestone(CivilDay begin, CivilDay until) const {
    const auto later = std::upper_bound(milestones_.begin(), milestones_.end(), until);
    return later == milestones_.begin() ? begin : *std::prev(later);
  }

  // A date of the sequence that begins at `begin`, close before `target`, or `begin` if that is later. Where
  // only days or only months are added, most dates need no visit. The last one passed over is one whose day
  // of the month exists, or the dates after it would differ.
  CivilDay passed_over(CivilDay begin, CivilDay target) const {
    if (begin >= target) return begin;
    if (step_months_ == 0) {
      return begin + (target - begin) / date::days{step_days_} * date::days{step_days_};
    }
    if (step_days_ != 0) return last_milestone(begin, target);
    const date::year_month_day first{begin};
    int steps = (months_of(date::year_month_day{target}) - months_of(first)) / step_months_;
    while (steps > 0 && !day_in(months_of(first) + steps * step_months_, first.day()).ok()) --steps;
    return CivilDay{day_in(months_of(first) + steps * step_months_, first.day())};
  }

  // The first date from `day` on whose time of day exists and lies at or after `from`.
  std::optional<Instant> first_shown(std::optional<CivilDay> day, Instant from) const {
    for (; day && !(rule_.end && *day > *rule_.end); day = next_day(*day)) {
      const CivilLookup found = rule_.zone.lookup(CivilTime{*day} + rule_.time_of_day);
      if (found.kind == CivilLookup::Kind::kSkipped || found.pre < from) continue;
      return is_valid(found.pre) ? std::optional(found.pre) : std::nullopt;
    }
    return std::nullopt;
  }

  CalendarIntervalRule rule_;
  int step_months_;
  int step_days_;
  std::vector<CivilDay> milestones_;  // if both are added: such dates cannot be reckoned
};

void check_count(const char* member, int count, int most) {
  if (count >= 0 && count <= most) return;
  throw Error(ErrorCode::kInvalidArgument, std::string(member) + ": got " + std::to_string(count) +
                                               ", expected 0 to " + std::to_string(most));
}

int read_count(const TriggerDocument& read, const char* member) {
  const auto count = read.integer(member);
  if (count && (*count < 0 || *count > kMaxDays)) {
    read.refuse(member, "got " + std::to_string(*count) + ", expected 0 to " + std::to_string(kMaxDays));
  }
  return static_cast<int>(count.value_or(0));
}

std::optional<CivilDay> read_day(const TriggerDocument& read, const char* member) {
  const auto written = read.text(member);
  if (!written) return std::nullopt;
  return parse_day(*written, "calendar_interval trigger: " + std::string(member));
}

}  // namespace

TriggerPtr make_calendar_interval_trigger(const CalendarIntervalRule& rule) {
  check_count("years", rule.years, kLastYear);
  check_count("months", rule.months, kMaxMonths);
  check_count("weeks", rule.weeks, kMaxDays / 7);
  check_count("days", rule.days, kMaxDays);
  if (rule.years == 0 && rule.months == 0 && rule.weeks == 0 && rule.days == 0) {
    throw Error(ErrorCode::kInvalidArgument, "interval must be at least 1 day long");
  }
  if (rule.start && rule.end && *rule.start > *rule.end) {
    throw Error(ErrorCode::kInvalidArgument, "end_date cannot be earlier than start_date");
  }
  check_count("time of day", static_cast<int>(rule.time_of_day.count()), 86'399);
  check_jitter(rule.jitter);
  return std::make_shared<CalendarIntervalTrigger>(rule);
}

TriggerPtr make_calendar_interval_trigger(const Json& document) {
  const TriggerDocument read(document, {"years", "months", "weeks", "days", "time", "start_date", "end_date",
                                        "jitter_us", "timezone"});
  CalendarIntervalRule rule;
  rule.years = read_count(read, "years");
  rule.months = read_count(read, "months");
  rule.weeks = read_count(read, "weeks");
  rule.days = read_count(read, "days");
  if (const auto time = read.text("time")) {
    rule.time_of_day = parse_time_of_day(*time, "calendar_interval trigger: time");
  }
  rule.start = read_day(read, "start_date");
  rule.end = read_day(read, "end_date");
  rule.jitter = read.duration("jitter_us").value_or(Duration{0});
  rule.zone = read.zone("timezone");
  return make_calendar_interval_trigger(rule);
}

}  // namespace duetime
