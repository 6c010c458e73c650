#include "core/triggers/interval.h"

#include <algorithm>
#include <string>

#include "core/base/error.h"
#include "core/triggers/phrases.h"
#include "core/triggers/trigger_document.h"

namespace duetime {
namespace {

class IntervalTrigger final : public Trigger {
 public:
  explicit IntervalTrigger(const IntervalRule& rule) : rule_(rule) {}

  const IntervalRule& rule() const { return rule_; }

  std::optional<Instant> next_fire_time(std::optional<Instant> previous, Instant now) const override {
    return until_end(previous ? checked_add(*previous, rule_.interval) : first(now));
  }

  std::optional<Instant> first_from(Instant from, std::optional<Instant> anchor) const override {
    const auto& grid = rule_.start ? rule_.start : anchor;
    return until_end(grid ? point_from(*grid, from) : checked_add(from, rule_.interval));
  }

  // All fires after `first` lie on its grid, so that they can be counted without being visited. `first`
  // itself is one even after the end: it may have been set by hand.
  Backlog backlog(Instant first, Instant until, std::size_t keep) const override {
    const Instant end = std::max(first, std::min(until, rule_.end.value_or(until)));
    const int64_t last = (end - first) / rule_.interval;
    Backlog backlog;
    backlog.dropped = static_cast<uint64_t>(last) < keep ? 0 : last + 1 - static_cast<int64_t>(keep);
    for (int64_t k = backlog.dropped; k <= last; ++k) backlog.fires.push_back(first + k * rule_.interval);
    backlog.next = until_end(checked_add(backlog.fires.back(), rule_.interval));
    return backlog;
  }

  Duration jitter(Instant) const override { return rule_.jitter; }

  const TimeZone& zone() const override { return rule_.zone; }

  std::string_view type() const override { return "interval"; }

  std::string explain() const override {
    return every_phrase() + limits_phrase(rule_.start, rule_.end, rule_.zone) + in_zone(rule_.zone) +
           jitter_phrase(rule_.jitter);
  }

  Json document() const override {
    Json document{{"type", type()}, {"interval_us", rule_.interval.count()}, {"timezone", rule_.zone.name()}};
    put(document, "start", rule_.start);
    put(document, "end", rule_.end);
    put_jitter(document, rule_.jitter);
    return document;
  }

 private:
  std::optional<Instant> first(Instant now) const {
    return rule_.start ? point_from(*rule_.start, now) : checked_add(now, rule_.interval);
  }

  // The first point of the grid that begins at `start`, at or after `from`, by an exact ceiling.
  std::optional<Instant> point_from(Instant start, Instant from) const {
    if (start >= from) return start;
    const Duration since_point = (from - start) % rule_.interval;
    return since_point == Duration{0} ? from : checked_add(from, rule_.interval - since_point);
  }

  std::string every_phrase() const {
    const std::string length = duration_text(rule_.interval);
    return length.starts_with("1 ") && length.find(' ', 2) == std::string::npos ? every(1, length)
                                                                                : "every " + length;
  }

  std::optional<Instant> until_end(std::optional<Instant> fire) const {
    return fire && rule_.end && *fire > *rule_.end ? std::nullopt : fire;
  }

  IntervalRule rule_;
};

}  // namespace

TriggerPtr make_interval_trigger(const IntervalRule& rule) {
  if (rule.interval < Duration{1}) {
    throw Error(ErrorCode::kInvalidArgument,
                "interval: got " + std::to_string(rule.interval.count()) + " us, expected at least 1 us");
  }
  check_instant("start", rule.start);
  check_instant("end", rule.end);
  check_jitter(rule.jitter);
  return std::make_shared<IntervalTrigger>(rule);
}

std::optional<IntervalRule> interval_rule_of(const Trigger& trigger) {
  const auto* interval = dynamic_cast<const IntervalTrigger*>(&trigger);
  return interval == nullptr ? std::nullopt : std::optional(interval->rule());
}

TriggerPtr make_interval_trigger(const Json& document) {
  const TriggerDocument read(document, {"interval_us", "start", "end", "jitter_us", "timezone"});
  const auto interval = read.duration("interval_us");
  if (!interval) read.refuse("interval_us", "missing, expected an integer count of microseconds");
  return make_interval_trigger(IntervalRule{*interval, read.instant("start"), read.instant("end"),
                                            read.duration("jitter_us").value_or(Duration{0}),
                                            read.zone("timezone")});
}

}  // namespace duetime
