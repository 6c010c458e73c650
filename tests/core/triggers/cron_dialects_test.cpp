// The crontab and Quartz dialects: tables of fires and of errors, and what documents say about them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "core/base/error.h"
#include "core/triggers/cron.h"
#include "core/triggers/registry.h"
#include "tests/support/data_file.h"

namespace duetime {
namespace {

Instant instant(const std::string& text) { return parse_instant(text, "test"); }

std::string text_of(const std::optional<Instant>& fire) { return fire ? to_string(*fire) : "none"; }

Json expression(const char* dialect, const std::string& text) {
  return {{"type", "cron"}, {"dialect", dialect}, {"expression", text}};
}

// The error of a document, or "" if it is accepted.
std::string error_of(const Json& document) {
  try {
    make_trigger(document);
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument) << document;
    return error.what();
  }
}

class CronDialectTable : public testing::TestWithParam<const char*> {};

TEST_P(CronDialectTable, FiresAsTheTableSays) {
  for (const Json& row : data_rows(GetParam() + std::string("_fires.json"), "rules")) {
    const TriggerPtr trigger = make_trigger(row.at("document"));
    std::optional<Instant> previous;
    for (const Json& expected : row.at("fires")) {
      previous = trigger->next_fire_time(previous, previous.value_or(instant(row.at("now"))));
      EXPECT_EQ(text_of(previous), expected.is_null() ? "none" : to_string(instant(expected))) << row;
    }
  }
}

TEST_P(CronDialectTable, SaysWhatIsWrongAndWhere) {
  for (const Json& row : data_rows(GetParam() + std::string("_errors.json"), "errors")) {
    EXPECT_EQ(error_of(expression(GetParam(), row.at(0))), row.at(1).get<std::string>());
  }
}

// Whatever one character is replaced by: an error or a rule, and the rule's document makes it again.
TEST_P(CronDialectTable, AnyTextIsARuleOrAnError) {
  constexpr std::string_view kCharacters = "0179*/-,?LW#@ \t\nxsun\xc3\xff";
  std::size_t turn = 0;
  for (const Json& row : data_rows(GetParam() + std::string("_fires.json"), "rules")) {
    std::string text = row.at("document").at("expression");
    for (std::size_t at = 0; at < text.size(); ++at, turn += 7) {
      const char was = std::exchange(text[at], kCharacters[turn % kCharacters.size()]);
      if (error_of(expression(GetParam(), text)).empty()) {
        const Json document = make_trigger(expression(GetParam(), text))->document();
        EXPECT_EQ(make_trigger(document)->document(), document) << text;
      }
      text[at] = was;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Dialects, CronDialectTable, testing::Values("crontab", "quartz"),
                         [](const auto& dialect) { return std::string(dialect.param); });

TEST(CronDialects, TheDocumentKeepsTheTextAndSaysThePolicy) {
  EXPECT_EQ(make_trigger(expression("crontab", " \t0 12 * *  MON\n"))->document(),
            Json::parse(R"({"type": "cron", "dialect": "crontab", "expression": "0 12 * *  MON",
                            "timezone": "UTC", "dst": "vixie"})"));
  const Json full = Json::parse(R"({"type": "cron", "dialect": "quartz", "expression": "0 0 12 ? * 2#1",
                                    "timezone": "Europe/Berlin", "dst": "rfc5545", "jitter_us": 5,
                                    "start": "2026-01-01T00:00:00.000000Z",
                                    "end": "2027-01-01T00:00:00.000000Z"})");
  EXPECT_EQ(make_trigger(full)->document(), full);
}

TEST(CronDialects, ApschedulersFieldsHaveNoDialectInTheirDocument) {
  Json document = {{"type", "cron"}, {"dialect", "apscheduler"}, {"fields", {{"hour", "1"}}}};
  const Json written = make_trigger(document)->document();
  EXPECT_FALSE(written.contains("dialect"));
  EXPECT_EQ(written.at("dst"), "apscheduler");
}

TEST(CronDialects, ARuleHasFieldsOrAnExpressionAsItsDialectWants) {
  const Json fields = {{"hour", "1"}};
  EXPECT_EQ(error_of({{"type", "cron"}, {"fields", fields}, {"expression", "* * * * *"}}),
            "cron trigger: expression: dialect \"apscheduler\" has fields instead");
  EXPECT_EQ(error_of({{"type", "cron"}, {"dialect", "crontab"}, {"fields", fields}}),
            "cron trigger: fields: dialect \"crontab\" has an expression instead");
  EXPECT_EQ(error_of({{"type", "cron"}, {"dialect", "quartz"}}),
            "cron trigger: expression: missing, dialect \"quartz\" has an expression");
  EXPECT_EQ(error_of({{"type", "cron"}, {"dialect", "Quartz"}, {"expression", "x"}}),
            "cron trigger: dialect: got \"Quartz\", expected \"apscheduler\", \"crontab\" or \"quartz\"");
  CronRule rule;
  rule.expression = "* * * * *";
  EXPECT_THROW(make_cron_trigger(rule), Error);
  rule.dialect = CronDialect::kCrontab;
  EXPECT_TRUE(make_cron_trigger(rule));
  rule.fields[kHour] = "1";
  EXPECT_THROW(make_cron_trigger(rule), Error);
}

TEST(CronDialects, LongExpressionsAreShortenedInErrors) {
  const std::string error = error_of(expression("crontab", std::string(100'000, '*') + " * * * *"));
  EXPECT_LT(error.size(), 300U);
  EXPECT_THAT(error, testing::StartsWith("crontab \"***"));
}

}  // namespace
}  // namespace duetime
