// Calendars of days and hours on which nothing runs.
#include "core/triggers/exclusion_calendar.h"

#include "core/time/civil_text.h"
#include "tests/fuzz/property.h"

namespace duetime::fuzz {
namespace {

constexpr int kStretchesVisited = 20;

void check_document(const ExclusionCalendar& calendar) {
  const Json document = calendar.document();
  const Json again = ExclusionCalendar(document).document();
  require(again == document, "its document makes the calendar " + to_text(again));
  require(!calendar.explain().empty(), "it has no explanation");
}

// Everything is excluded up to the end of an exclusion.
void check_exclusions(const ExclusionCalendar& calendar, CivilTime time) {
  for (int visited = 0; visited < kStretchesVisited && calendar.excludes(time); ++visited) {
    const CivilTime end = calendar.end_of_exclusion(time);
    require(end > time, "an exclusion ends before " + short_text(time));
    for (const CivilTime within : {time + (end - time) / 2, end - Duration{1}}) {
      require(calendar.excludes(within), short_text(within) + " is not excluded, but said to be");
    }
    time = end;
  }
}

}  // namespace

void fuzz_exclusion_calendar(std::string_view input) {
  const auto calendar = accepted([&] { return ExclusionCalendar(parse_json(input, "calendar")); });
  if (!calendar) return;
  check_document(*calendar);
  const CivilDay day{date::year{2026} / 1 / 1};
  const Duration step = std::chrono::seconds{3 * 86'400 + digest(input) % 86'400};
  for (int i = 0; i < 130; ++i) check_exclusions(*calendar, CivilTime{day} + i * step);
}

}  // namespace duetime::fuzz
