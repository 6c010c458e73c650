// The tables of tests/data that hold whole triggers, read by the tests of every language.
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/triggers/registry.h"
#include "tests/support/data_file.h"

namespace duetime {
namespace {

std::optional<Instant> instant_or_none(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional(parse_instant(value.get<std::string>(), "table"));
}

void expect_fires(const TriggerPtr& trigger, const Json& row) {
  const Instant now = *instant_or_none(row.at("now"));
  std::optional<Instant> previous;
  for (const Json& expected : row.at("fires")) {
    const auto fire = trigger->next_fire_time(previous, previous.value_or(now));
    ASSERT_EQ(fire, instant_or_none(expected)) << to_text(row.at("document")) << "\nexpected " << expected
                                               << ", got " << (fire ? to_string(*fire) : "none");
    if (!fire) return;
    previous = fire;
  }
}

class FireTables : public testing::TestWithParam<const char*> {};

TEST_P(FireTables, Fires) {
  for (const Json& row : data_rows(GetParam(), "rules")) expect_fires(make_trigger(row.at("document")), row);
}

TEST_P(FireTables, FireAlikeAfterTheRoundTripThroughTheirDocuments) {
  for (const Json& row : data_rows(GetParam(), "rules")) {
    const Json document = make_trigger(row.at("document"))->document();
    const TriggerPtr again = make_trigger(document);
    EXPECT_EQ(again->document(), document);
    expect_fires(again, row);
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, FireTables, testing::Values("trigger_fires.json"), [](const auto& table) {
  const std::string name = table.param;
  return name.substr(0, name.find('.'));
});

TEST(TriggerErrors, AreAsListed) {
  for (const Json& row : data_rows("trigger_errors.json", "documents")) {
    try {
      make_trigger(row.at(0));
      ADD_FAILURE() << "accepted " << row.at(0);
    } catch (const Error& error) {
      EXPECT_EQ(error.what(), row.at(1).get<std::string>());
    }
  }
}

TEST(TriggerExplanations, AreAsListed) {
  for (const Json& row : data_rows("trigger_explanations.json", "rules")) {
    EXPECT_EQ(make_trigger(row.at(0))->explain(), row.at(1).get<std::string>());
  }
}

}  // namespace
}  // namespace duetime
