#include "core/triggers/date.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/triggers/registry.h"
#include "tests/support/times.h"

namespace duetime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Date, FiresOnce) {
  const TriggerPtr trigger = make_date_trigger(DateRule{at("10:00:00"), {}});
  EXPECT_EQ(trigger->next_fire_time({}, at("09:00:00")), at("10:00:00"));
  EXPECT_EQ(trigger->next_fire_time({}, at("11:00:00")), at("10:00:00"));  // missed; the planner judges
  EXPECT_EQ(trigger->next_fire_time(at("10:00:00"), at("10:00:00")), std::nullopt);
  EXPECT_EQ(trigger->next_fire_time(at("09:00:00"), at("10:00:00")), std::nullopt);
}

TEST(Date, BacklogIsItsOneFire) {
  const Backlog backlog =
      make_date_trigger(DateRule{at("10:00:00"), {}})->backlog(at("10:00:00"), at("11:00:00"), 5);
  EXPECT_THAT(backlog.fires, ElementsAre(at("10:00:00")));
  EXPECT_EQ(backlog.next, std::nullopt);
  EXPECT_EQ(backlog.dropped, 0);
}

TEST(Date, DocumentGivesAnEqualTrigger) {
  const Json document = {
      {"type", "date"}, {"run_time", "2026-11-23T09:30:00.000001Z"}, {"timezone", "Europe/Berlin"}};
  EXPECT_EQ(make_trigger(document)->document(), document);
}

TEST(Date, RefusalsNameMemberAndValue) {
  const struct {
    const char* document;
    const char* text;
  } rows[] = {
      {R"({"type": "date"})", "date trigger: run_time: missing"},
      {R"({"type": "date", "run_time": 1})", "date trigger: run_time: got 1, expected a string"},
      {R"({"type": "date", "run_time": "2026-02-30T00:00:00Z"})",
       "date trigger: run_time: \"2026-02-30T00:00:00Z\""},
      {R"({"type": "date", "run_time": "2026-01-01T00:00:00Z", "end": 1})", "date trigger: end: got 1, but"},
  };
  for (const auto& row : rows) {
    try {
      make_trigger(Json::parse(row.document));
      ADD_FAILURE() << row.document << " accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_THAT(error.what(), HasSubstr(row.text));
    }
  }
  EXPECT_THROW(make_date_trigger(DateRule{kLatestInstant + Duration{1}, {}}), Error);
}

}  // namespace
}  // namespace duetime
