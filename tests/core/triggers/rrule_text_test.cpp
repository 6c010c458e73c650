#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/triggers/rrule.h"

namespace duetime {
namespace {

Json read(const std::string& text, const std::string& zone = "UTC") {
  return make_rrule_trigger(parse_recurrence(text, TimeZone::load(zone)))->document();
}

TEST(RRuleText, ReadsLinesInAnyOrder) {
  const Json document = read(
      "EXDATE;TZID=America/New_York:19970904T090000,19970905T090000\r\n"
      "rrule:FREQ=DAILY;COUNT=10\r\n"
      "DTSTART;VALUE=DATE-TIME;TZID=\"America/New_York\":19970902T090000\r\n"
      "RDATE;X-MARK=a:19970906T100000\r\n"
      "EXDATE;VALUE=DATE:19970907\r\n");
  EXPECT_EQ(document, Json::parse(R"({"type": "rrule", "rrule": "FREQ=DAILY;COUNT=10",
      "dtstart": "1997-09-02T09:00:00", "timezone": "America/New_York",
      "exdates": ["1997-09-04T09:00:00", "1997-09-05T09:00:00", "1997-09-07"], "rdates": ["1997-09-06T10:00:00"]})"));
}

TEST(RRuleText, LinesMayBeFolded) {
  EXPECT_EQ(read("DTSTART:20261123T0\n 90000\nRRULE:FREQ=WEEKLY;\n\tBYDAY=MO,\r\n FR\n\n").at("rrule"),
            "FREQ=WEEKLY;BYDAY=MO,FR");
}

TEST(RRuleText, TheZoneIsThatOfDtstart) {
  EXPECT_EQ(read("DTSTART:20261123T090000\nRRULE:FREQ=DAILY", "Europe/Berlin").at("timezone"),
            "Europe/Berlin");
  EXPECT_EQ(read("DTSTART:20261123T090000Z\nRRULE:FREQ=DAILY", "Europe/Berlin").at("timezone"), "UTC");
  EXPECT_EQ(read("DTSTART;TZID=Asia/Tokyo:20261123T090000\nRRULE:FREQ=DAILY", "Europe/Berlin").at("timezone"),
            "Asia/Tokyo");
  EXPECT_EQ(read("DTSTART;VALUE=DATE:20261123\nRRULE:FREQ=DAILY", "Europe/Berlin").at("dtstart"),
            "2026-11-23T00:00:00");
}

TEST(RRuleText, TimesOfOtherZonesAreConverted) {
  const Json document = read(
      "DTSTART;TZID=Europe/Berlin:20261123T090000\nRRULE:FREQ=DAILY\n"
      "EXDATE:20261124T080000Z\nEXDATE;TZID=America/"
      "New_York:20261125T030000\nRDATE:20260701T080000Z,20261201T120000");
  EXPECT_EQ(document.at("exdates"), (Json{"2026-11-24T09:00:00", "2026-11-25T09:00:00"}));
  EXPECT_EQ(document.at("rdates"), (Json{"2026-07-01T10:00:00", "2026-12-01T12:00:00"}));
}

TEST(RRuleText, AnUnknownZoneIsNotFound) {
  try {
    read("DTSTART;TZID=Mars/Olympus:20261123T090000\nRRULE:FREQ=DAILY");
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
  }
}

}  // namespace
}  // namespace duetime
