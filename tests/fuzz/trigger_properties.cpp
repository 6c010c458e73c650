#include "tests/fuzz/trigger_properties.h"

#include <array>
#include <string>
#include <vector>

#include "core/base/text.h"
#include "core/triggers/preview.h"
#include "core/triggers/registry.h"
#include "tests/fuzz/property.h"

namespace duetime::fuzz {
namespace {

constexpr std::size_t kFires = 6;

std::string shown(std::optional<Instant> fire) { return fire ? to_string(*fire) : "none"; }

void require_same(std::optional<Instant> got, std::optional<Instant> expected, const char* what) {
  require(got == expected, std::string(what) + " is " + shown(got) + ", one by one it is " + shown(expected));
}

void check_document(const Trigger& trigger) {
  const Json document = trigger.document();
  const Json again = make_trigger(parse_json(to_text(document), "its document"))->document();
  require(again == document, "its document makes the trigger " + to_text(again));
}

void check_explanation(const Trigger& trigger) {
  const std::string sentence = trigger.explain();
  require(!sentence.empty(), "it has no explanation");
  require(is_utf8(sentence), "its explanation is not UTF-8");
}

std::vector<Instant> fires_from(const Trigger& trigger, Instant now) {
  std::vector<Instant> fires;
  for (auto fire = next_fire_checked(trigger, std::nullopt, now); fire && fires.size() < kFires;
       fire = next_fire_checked(trigger, fires.back(), fires.back())) {
    fires.push_back(*fire);
  }
  return fires;
}

void check_preview(const Trigger& trigger, Instant now, const std::vector<Instant>& fires) {
  const auto previewed = preview(trigger, now, kFires);
  require(previewed.size() == fires.size(), "preview() has " + std::to_string(previewed.size()) + " fires");
  for (std::size_t i = 0; i < fires.size(); ++i) {
    require_same(previewed[i].time, fires[i], "a previewed fire");
    const auto& change = previewed[i].transition;
    require(!change || change->at <= fires[i], "preview() marks a change of the clock after its fire");
    require(!change || i == 0 || change->at > fires[i - 1], "preview() marks a change before the last fire");
  }
}

// Between two fires there is none, from wherever one looks.
void check_first_from(const Trigger& trigger, const std::vector<Instant>& fires) {
  for (std::size_t i = 0; i + 1 < fires.size(); ++i) {
    const Instant fire = fires[i];
    const Instant next = fires[i + 1];
    const Instant middle = fire + (next - fire) / 2 + Duration{1};
    require_same(trigger.first_from(fire + Duration{1}, fire), next, "first_from() just after a fire");
    require_same(trigger.first_from(middle, fire), next, "first_from() half way to the next fire");
    require_same(trigger.first_from(next, fire), next, "first_from() at a fire");
  }
}

void check_backlog(const Trigger& trigger, const std::vector<Instant>& fires) {
  if (fires.size() < 3) return;
  const auto next = next_fire_checked(trigger, fires.back(), fires.back());
  const Backlog backlog = trigger.backlog(fires.front(), fires.back(), 2);
  const auto dropped = static_cast<int64_t>(fires.size()) - 2;
  require(backlog.fires.size() == 2,
          "backlog() keeps " + std::to_string(backlog.fires.size()) + " of 2 fires");
  require_same(backlog.fires[0], fires[fires.size() - 2], "the last but one fire of backlog()");
  require_same(backlog.fires[1], fires.back(), "the last fire of backlog()");
  require_same(backlog.next, next, "the next fire of backlog()");
  require(backlog.dropped_is_exact ? backlog.dropped == dropped : backlog.dropped <= dropped,
          "backlog() dropped " + std::to_string(backlog.dropped) + " of " + std::to_string(dropped));
}

void check_fires(const Trigger& trigger, Instant now) {
  const std::vector<Instant> fires = fires_from(trigger, now);
  check_preview(trigger, now, fires);
  check_first_from(trigger, fires);
  check_backlog(trigger, fires);
  for (const Instant fire : fires) require(trigger.jitter(fire) >= Duration{0}, "its jitter is negative");
}

void check_fires_or_gives_up(const Trigger& trigger, Instant now) {
  try {
    check_fires(trigger, now);
  } catch (const Error& error) {
    require(error.code() == ErrorCode::kUnsupported,
            std::string("asked for fires it throws: ") + error.what());
  }
}

Instant some_instant(uint64_t salt) {
  const auto range = static_cast<uint64_t>((kLatestInstant - kEarliestInstant).count());
  return kEarliestInstant + Duration{static_cast<int64_t>(salt % range)};
}

}  // namespace

void check_trigger(const Trigger& trigger, uint64_t salt) {
  check_document(trigger);
  check_explanation(trigger);
  const Instant spring = parse_instant("2026-03-07T12:00:00Z", "spring");
  const Instant dark_ages = parse_instant("0001-01-01T00:00:00Z", "the first day");
  for (const Instant now : {spring, some_instant(salt), salt % 2 == 0 ? dark_ages : kLatestInstant}) {
    try {
      check_fires_or_gives_up(trigger, now);
    } catch (const PropertyViolated& violated) {
      throw PropertyViolated(to_text(trigger.document()) + " at " + to_string(now) + ": " + violated.what());
    }
  }
}

TimeZone some_zone(uint64_t salt) {
  static constexpr std::array kNames = {"America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
                                        "Pacific/Kiritimati", "UTC"};
  return TimeZone::load(kNames[salt % kNames.size()]);
}

void check_cron_rule(CronRule rule, uint64_t salt) {
  rule.zone = some_zone(salt);
  rule.dst = static_cast<DstPolicy>(salt >> 8 & 3);
  if (const auto trigger = accepted([&] { return make_cron_trigger(rule); })) check_trigger(**trigger, salt);
}

}  // namespace duetime::fuzz
