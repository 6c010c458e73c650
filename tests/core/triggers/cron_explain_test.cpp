#include <gtest/gtest.h>

#include "core/triggers/cron_values.h"
#include "core/triggers/phrases.h"
#include "core/triggers/registry.h"
#include "tests/support/data_file.h"

namespace duetime {
namespace {

TEST(CronExplain, SaysWhatTheTableSays) {
  for (const Json& row : data_rows("cron_explanations.json", "rules")) {
    EXPECT_EQ(make_trigger(row.at(0))->explain(), row.at(1).get<std::string>()) << row.at(0);
  }
}

// Every rule of the other tables has a sentence, which ends with the zone.
TEST(CronExplain, HasASentenceForEveryRule) {
  for (const char* file : {"crontab_fires.json", "quartz_fires.json"}) {
    for (const Json& row : data_rows(file, "rules")) {
      const Json& document = row.at("document");
      const std::string sentence = make_trigger(document)->explain();
      EXPECT_TRUE(sentence.ends_with(" (" + document.at("timezone").get<std::string>() + ")")) << sentence;
      EXPECT_TRUE(sentence.starts_with("at ") || sentence.starts_with("every ")) << sentence;
      EXPECT_EQ(sentence.find("  "), std::string::npos) << sentence;
    }
  }
}

TEST(CronValues, Rows) {
  using Runs = std::vector<std::pair<int, int>>;
  EXPECT_EQ(runs_of({1, 2, 3, 7}), (Runs{{1, 3}, {7, 7}}));
  EXPECT_EQ(numbers_text({1, 2, 5, 6, 7, 9}), "1, 2, 5 to 7 and 9");
  EXPECT_EQ(values_of_mask(uint64_t{1} << 63 | 5), (CronValues{0, 2, 63}));
}

TEST(CronValues, Steps) {
  EXPECT_EQ(even_step_of({5, 10, 15}), 5);
  EXPECT_EQ(even_step_of({5, 10}), std::nullopt);
  EXPECT_EQ(even_step_of({5, 10, 16}), std::nullopt);
  EXPECT_EQ(around_step_of({5, 35}, 60), 30);
  EXPECT_EQ(around_step_of({5, 20, 35, 50}, 60), 15);
  EXPECT_EQ(around_step_of({0, 7, 14}, 60), std::nullopt);
  EXPECT_EQ(around_step_of({5, 20, 36, 50}, 60), std::nullopt);
}

TEST(CronValues, Ordinals) {
  EXPECT_EQ(ordinal(1) + ordinal(2) + ordinal(3) + ordinal(4), "1st2nd3rd4th");
  EXPECT_EQ(ordinal(11) + ordinal(12) + ordinal(13) + ordinal(21), "11th12th13th21st");
  EXPECT_EQ(ordinal(22) + ordinal(31), "22nd31st");
}

}  // namespace
}  // namespace duetime
