#include "core/triggers/cron_time_phrase.h"

#include <chrono>

#include "core/time/civil_text.h"
#include "core/triggers/phrases.h"

namespace duetime {
namespace {

constexpr std::size_t kFewTimes = 3;    // are listed even where "every" could be said
constexpr std::size_t kManyTimes = 12;  // are no longer listed where anything else can be said
constexpr std::size_t kFewRuns = 3;

bool is_zero(const CronValues& values) { return values.size() == 1 && values[0] == 0; }

std::string every_step(int step, const char* unit) { return every(step, counted(step, unit)); }

// What a minute's seconds, or an hour's minutes, are: "every 10 seconds", "at 5 minutes past every hour".
std::string within(const CronValues& values, const char* unit, const std::string& whole) {
  const std::string units = std::string(unit) + "s";
  if (const auto step = around_step_of(values, 60)) {
    const std::string text = every_step(*step, unit);
    return values[0] == 0 ? text : text + " from " + counted(values[0], unit) + " past " + whole;
  }
  if (const auto step = even_step_of(values)) {
    return every_step(*step, unit) + " from " + std::to_string(values.front()) + " to " +
           std::to_string(values.back()) + " " + units + " past " + whole;
  }
  const bool is_one = values.size() == 1 && values[0] == 1;
  return "at " + numbers_text(values) + " " + (is_one ? unit : units) + " past " + whole;
}

class Phrase {
 public:
  explicit Phrase(const CronTimes& times)
      : times_(times), has_seconds_(!is_zero(times.seconds)), every_hour_(times.hours.size() == 24) {}

  CronTimePhrase text() const {
    const std::size_t count = times_.hours.size() * times_.minutes.size() * times_.seconds.size();
    if (count <= kFewTimes) return list();
    if (!has_seconds_) return minutes_and_hours(count);
    const bool one_second = times_.seconds.size() == 1;
    const CronTimePhrase rest = Phrase({times_.hours, times_.minutes, {0}}).text();
    if (one_second && rest.names_times) return list();
    if (times_.minutes.size() == 60) return every_minute();
    const bool from_zero = around_step_of(times_.seconds, 60) && times_.seconds[0] == 0;
    const std::string seconds = within(times_.seconds, "second", "the minute");
    return {seconds + (from_zero ? " for one minute, " : ", ") + rest.text, rest.names_times};
  }

 private:
  // Seconds where the minutes are all.
  CronTimePhrase every_minute() const {
    const std::string text = within(times_.seconds, "second", "every minute");
    if (every_hour_) return {text, false};
    if (!around_step_of(times_.seconds, 60) || runs_of(times_.hours).size() > kFewRuns) {
      return {text + " " + during_hours(), false};
    }
    return {every_step(*around_step_of(times_.seconds, 60), "second") + from_to_each_run(), false};
  }

  CronTimePhrase minutes_and_hours(std::size_t count) const {
    if (every_hour_) return {every_hour_phrase(), false};
    if (times_.minutes.size() == 1) return one_minute();
    const auto step = around_step_of(times_.minutes, 60);
    if (step && runs_of(times_.hours).size() <= kFewRuns)
      return {every_step(*step, "minute") + from_to_each_run(), false};
    if (!step && count <= kManyTimes) return list();
    return {within(times_.minutes, "minute", "the hour") + " " + during_hours(), false};
  }

  std::string every_hour_phrase() const {
    return is_zero(times_.minutes) ? "every hour" : within(times_.minutes, "minute", "every hour");
  }

  // Once an hour, in some hours.
  CronTimePhrase one_minute() const {
    const auto step = even_step_of(times_.hours);
    if (!step) return hourly_runs();
    const bool goes_around = around_step_of(times_.hours, 24) && times_.hours[0] == 0;
    std::string text = every_step(*step, "hour");
    if (!goes_around || !is_zero(times_.minutes)) {
      text += " from " + clock(times_.hours.front(), times_.minutes[0], 0) + " to " +
              clock(times_.hours.back(), times_.minutes[0], 0);
    }
    return {text, false};
  }

  CronTimePhrase hourly_runs() const {
    const auto runs = runs_of(times_.hours);
    for (const auto& [first, last] : runs) {
      if (last - first < 2) return list();
    }
    return {"every hour" + from_to_each_run(), false};
  }

  // " from 09:00 to 11:45 and from 14:00 to 17:45"
  std::string from_to_each_run() const {
    std::vector<std::string> texts;
    for (const auto& [first, last] : runs_of(times_.hours)) {
      texts.push_back("from " + clock(first, times_.minutes.front(), times_.seconds.front()) + " to " +
                      clock(last, times_.minutes.back(), times_.seconds.back()));
    }
    return " " + listed(texts, "and");
  }

  std::string during_hours() const {
    const auto step = even_step_of(times_.hours);
    if (step && *step > 1) {
      return "during every " + ordinal(*step) + " hour from " + std::to_string(times_.hours.front()) +
             " to " + std::to_string(times_.hours.back());
    }
    return (times_.hours.size() == 1 ? "during the hour " : "during the hours ") + numbers_text(times_.hours);
  }

  CronTimePhrase list() const {
    std::vector<std::string> texts;
    for (const int hour : times_.hours) {
      for (const int minute : times_.minutes) {
        for (const int second : times_.seconds) texts.push_back(clock(hour, minute, second));
      }
    }
    return {"at " + listed(texts, "and"), true};
  }

  std::string clock(int hour, int minute, int second) const {
    const std::chrono::seconds time{hour * 3600 + minute * 60 + second};
    return has_seconds_ ? time_of_day_text(time) : short_time_text(time);
  }

  CronTimes times_;
  bool has_seconds_;
  bool every_hour_;
};

}  // namespace

CronTimePhrase time_phrase(const CronTimes& times) { return Phrase(times).text(); }

}  // namespace duetime
