// Triggers: the rules that say when.
#ifndef DUETIME_TRIGGER_HPP
#define DUETIME_TRIGGER_HPP

#include <duetime/trigger.h>
#include <duetime/common.hpp>

#include <utility>
#include <vector>

namespace duetime {
inline namespace v0 {

// What a rule about wall times does where a change of the clock skips or repeats them (duetime/trigger.h).
enum class DstPolicy : int32_t {
  kVixie = DUETIME_DST_VIXIE,
  kApscheduler = DUETIME_DST_APSCHEDULER,
  kSkip = DUETIME_DST_SKIP,
  kRfc5545 = DUETIME_DST_RFC5545
};

// Zones are IANA names or offsets such as "+05:30". Ends are inclusive. Jitter delays each run by up to so
// much.
struct IntervalOptions {
  std::optional<TimePoint> start;  // fires at start + k * interval; none: one interval after now
  std::optional<TimePoint> end;
  Duration jitter{0};
  std::string timezone = "UTC";  // for display only
};

struct CronOptions {
  std::string timezone = "UTC";
  DstPolicy dst = DstPolicy::kVixie;
  std::optional<TimePoint> start;
  std::optional<TimePoint> end;
  Duration jitter{0};
};

// Fields as APScheduler reads them: all must match, Monday is 0. What is not given is "*", below the least
// significant given field the minimum.
struct CronFields {
  std::optional<std::string> year;
  std::optional<std::string> month;
  std::optional<std::string> day;
  std::optional<std::string> week;
  std::optional<std::string> day_of_week;
  std::optional<std::string> hour;
  std::optional<std::string> minute;
  std::optional<std::string> second;
};

// Every so many years, months, weeks and days (none negative, at least one positive) at the same time of day.
struct CalendarInterval {
  int32_t years = 0;
  int32_t months = 0;
  int32_t weeks = 0;
  int32_t days = 0;
  int32_t hour = 0;
  int32_t minute = 0;
  int32_t second = 0;
  std::optional<std::string> start_date;  // "2026-11-23"; none: the day of the first question's `now`
  std::optional<std::string> end_date;    // inclusive
  std::string timezone = "UTC";
  Duration jitter{0};
};

// Whether the clock shows a wall time once, or twice because it is put back.
enum class WallTime : int32_t {
  kUnique = DUETIME_WALL_UNIQUE,
  kFirstOfTwo = DUETIME_WALL_FIRST_OF_TWO,
  kSecondOfTwo = DUETIME_WALL_SECOND_OF_TWO
};

// The clock is put forward or back: `before` and `after` are offsets from UTC.
struct ClockChange {
  TimePoint at;
  std::chrono::seconds before;
  std::chrono::seconds after;
};

// A fire of a preview.
struct PreviewedFire {
  TimePoint time;
  std::chrono::seconds utc_offset;  // of the trigger's zone, then
  WallTime wall_time;
  std::optional<ClockChange>
      change;  // the last one after the fire before (the first: after `now`), up to this
};

// A rule that says when. It holds no position and does not change, so copies share it and cost nothing to
// speak of; any thread may use any copy. A moved-from trigger can only be destroyed or assigned to: questions
// to it throw kInvalidArgument. Functions throw Error: kInvalidArgument for a rule that cannot be, naming the
// value and what was expected.
class Trigger {
 public:
  // From a trigger document, {"type": "interval", ...} (docs/job_document.md): the door to every kind of
  // trigger.
  static Trigger from_json(const std::string &json) {
    return made(
        [&](duetime_trigger **out) { return duetime_trigger_create_from_json(detail::to_c(json), out); });
  }

  // Once. The zone is for display only.
  static Trigger date(TimePoint run_time, const std::string &timezone = "UTC") {
    return made([&](duetime_trigger **out) {
      return duetime_trigger_create_date(detail::to_c(run_time), detail::to_c(timezone), out);
    });
  }

  // Every `interval`, at least a microsecond.
  static Trigger interval(Duration interval, const IntervalOptions &options = {}) {
    duetime_interval_options c = DUETIME_INTERVAL_OPTIONS_INIT;
    c.interval = detail::to_c(interval);
    c.start = detail::to_c(options.start);
    c.end = detail::to_c(options.end);
    c.jitter = detail::to_c(options.jitter);
    c.timezone = detail::to_c(options.timezone);
    return made([&](duetime_trigger **out) { return duetime_trigger_create_interval(&c, out); });
  }

  static Trigger cron(const CronFields &fields, const CronOptions &options = {}) {
    duetime_cron_options c = to_c(options);
    c.year = detail::to_c(fields.year);
    c.month = detail::to_c(fields.month);
    c.day = detail::to_c(fields.day);
    c.week = detail::to_c(fields.week);
    c.day_of_week = detail::to_c(fields.day_of_week);
    c.hour = detail::to_c(fields.hour);
    c.minute = detail::to_c(fields.minute);
    c.second = detail::to_c(fields.second);
    return made([&](duetime_trigger **out) { return duetime_trigger_create_cron(&c, out); });
  }

  // A line of a crontab, "0 9 * * mon-fri" or "@daily"; Sunday is 0 or 7; seconds first if there are six
  // fields.
  static Trigger crontab(const std::string &expression, const CronOptions &options = {}) {
    return in_dialect("crontab", expression, options);
  }

  // An expression of Quartz, "0 0 9 ? * MON-FRI"; Sunday is 1.
  static Trigger quartz(const std::string &expression, const CronOptions &options = {}) {
    return in_dialect("quartz", expression, options);
  }

  static Trigger calendar_interval(const CalendarInterval &interval) {
    duetime_calendar_interval_options c = DUETIME_CALENDAR_INTERVAL_OPTIONS_INIT;
    c.years = interval.years;
    c.months = interval.months;
    c.weeks = interval.weeks;
    c.days = interval.days;
    c.hour = interval.hour;
    c.minute = interval.minute;
    c.second = interval.second;
    c.start_date = detail::to_c(interval.start_date);
    c.end_date = detail::to_c(interval.end_date);
    c.timezone = detail::to_c(interval.timezone);
    c.jitter = detail::to_c(interval.jitter);
    return made([&](duetime_trigger **out) { return duetime_trigger_create_calendar_interval(&c, out); });
  }

  // A recurrence of RFC 5545: lines DTSTART, RRULE, EXDATE, RDATE as in an iCalendar file. The zone is for
  // times with neither TZID nor Z.
  static Trigger rrule(const std::string &lines, const std::string &timezone = "UTC") {
    return made([&](duetime_trigger **out) {
      return duetime_trigger_create_rrule(detail::to_c(lines), detail::to_c(timezone), out);
    });
  }

  // Fires when any of the triggers does, or only when all do at once; at least one. An interval among them
  // should have a start.
  static Trigger any_of(const std::vector<Trigger> &triggers, Duration jitter = Duration(0)) {
    return combined(duetime_trigger_create_or, triggers, jitter);
  }
  static Trigger all_of(const std::vector<Trigger> &triggers, Duration jitter = Duration(0)) {
    return combined(duetime_trigger_create_and, triggers, jitter);
  }

  // The fires of `trigger` but for those that one of `taken_away` has too, or that lie in one of the
  // calendars: a JSON array as in duetime_trigger_create_not(), [{"dates": ["2026-12-25"]}, {"weekdays":
  // ["sat", "sun"]}], in wall time of `timezone` (none: that of `trigger`).
  static Trigger except(const Trigger &trigger, const std::vector<Trigger> &taken_away,
                        const std::optional<std::string> &calendars_json = std::nullopt,
                        const std::optional<std::string> &timezone = std::nullopt) {
    const std::vector<const duetime_trigger *> handles = handles_of(taken_away);
    return made([&](duetime_trigger **out) {
      return duetime_trigger_create_not(trigger.handle(), handles.data(), handles.size(),
                                        detail::to_c(calendars_json), detail::to_c(timezone), out);
    });
  }

  // The first fire after `previous` (none before the first), without jitter; none when the rule is spent.
  // `now` bounds rules that have no start. Throws kUnsupported where an all_of() has found nothing for long.
  std::optional<TimePoint> next_fire_time(const std::optional<TimePoint> &previous, TimePoint now) const {
    duetime_time fire = DUETIME_TIME_NONE;
    detail::check(duetime_trigger_next_fire_time(handle(), detail::to_c(previous), detail::to_c(now), &fire));
    return detail::to_optional(fire);
  }

  // The first `count` fires from `now` on; fewer if the rule is spent.
  std::vector<PreviewedFire> preview(TimePoint now, std::size_t count) const {
    std::vector<duetime_previewed_fire> fires(count);
    std::size_t found = 0;
    detail::check(duetime_trigger_preview(handle(), detail::to_c(now), count, fires.data(), &found));
    std::vector<PreviewedFire> result;
    for (std::size_t i = 0; i < found; ++i) result.push_back(from_c(fires[i]));
    return result;
  }

  // An English sentence, "every 15 minutes (UTC)"; its wording may change.
  std::string explain() const { return text_of(duetime_trigger_explain); }

  // The trigger document: what from_json() reads.
  std::string to_json() const { return text_of(duetime_trigger_to_json); }

  // For functions of the C ABI; lives as long as this trigger or a copy of it.
  const duetime_trigger *handle() const noexcept { return handle_.get(); }

  // Takes over what a function of the C ABI gave.
  static Trigger adopt(duetime_trigger *handle) { return Trigger(handle); }

 private:
  explicit Trigger(duetime_trigger *handle) : handle_(handle, duetime_trigger_destroy) {}

  template <class Create>
  static Trigger made(const Create &create) {
    duetime_trigger *handle = nullptr;
    detail::check(create(&handle));
    return Trigger(handle);
  }

  static duetime_cron_options to_c(const CronOptions &options) {
    duetime_cron_options c = DUETIME_CRON_OPTIONS_INIT;
    c.dst = static_cast<int32_t>(options.dst);
    c.timezone = detail::to_c(options.timezone);
    c.start = detail::to_c(options.start);
    c.end = detail::to_c(options.end);
    c.jitter = detail::to_c(options.jitter);
    return c;
  }

  static Trigger in_dialect(const char *dialect, const std::string &expression, const CronOptions &options) {
    duetime_cron_options c = to_c(options);
    c.dialect = dialect;
    c.expression = detail::to_c(expression);
    return made([&](duetime_trigger **out) { return duetime_trigger_create_cron(&c, out); });
  }

  static std::vector<const duetime_trigger *> handles_of(const std::vector<Trigger> &triggers) {
    std::vector<const duetime_trigger *> handles;
    for (const Trigger &trigger : triggers) handles.push_back(trigger.handle());
    return handles;
  }

  template <class Create>
  static Trigger combined(const Create &create, const std::vector<Trigger> &triggers, Duration jitter) {
    const std::vector<const duetime_trigger *> handles = handles_of(triggers);
    return made([&](duetime_trigger **out) {
      return create(handles.data(), handles.size(), detail::to_c(jitter), out);
    });
  }

  static PreviewedFire from_c(const duetime_previewed_fire &fire) {
    PreviewedFire result{detail::to_time_point(fire.time), std::chrono::seconds(fire.utc_offset),
                         static_cast<WallTime>(fire.wall_time), std::nullopt};
    if (fire.transition != DUETIME_TIME_NONE) {
      result.change =
          ClockChange{detail::to_time_point(fire.transition), std::chrono::seconds(fire.offset_before),
                      std::chrono::seconds(fire.offset_after)};
    }
    return result;
  }

  std::string text_of(duetime_status (*getter)(const duetime_trigger *, char **)) const {
    char *text = nullptr;
    detail::check(getter(handle(), &text));
    return detail::take_text(text);
  }

  std::shared_ptr<duetime_trigger> handle_;
};

}  // namespace v0
}  // namespace duetime

#endif
