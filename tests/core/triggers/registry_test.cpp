#include "core/triggers/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/triggers/date.h"

namespace duetime {
namespace {

using testing::HasSubstr;

ErrorCode code_of_making(const Json& document) {
  try {
    make_trigger(document);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kInternal;
}

TEST(TriggerRegistry, RefusesWhatIsNoTriggerDocument) {
  for (const Json& document : {Json(), Json(5), Json::array(), Json::object(), Json{{"type", 5}}}) {
    EXPECT_EQ(code_of_making(document), ErrorCode::kInvalidArgument) << document;
  }
}

TEST(TriggerRegistry, AnUnknownTypeOrZoneIsNotFound) {
  EXPECT_EQ(code_of_making({{"type", "lunar"}}), ErrorCode::kNotFound);
  EXPECT_EQ(code_of_making({{"type", "cron"}, {"timezone", "Mars/Base"}}), ErrorCode::kNotFound);
}

TEST(TriggerRegistry, MakesTypesFromOutside) {
  register_trigger_type("registry_test", [](const Json& document) {
    return make_date_trigger(DateRule{from_micros(document.at("at").get<int64_t>()), {}});
  });
  EXPECT_EQ(make_trigger({{"type", "registry_test"}, {"at", 7}})->next_fire_time({}, {}), from_micros(7));
  register_trigger_type("registry_test", [](const Json&) { return TriggerPtr(); });
  EXPECT_EQ(code_of_making({{"type", "registry_test"}}), ErrorCode::kCallback);
}

TEST(TriggerRegistry, ItsOwnTypesCannotBeReplaced) {
  const auto factory = [](const Json&) { return TriggerPtr(); };
  for (const char* own : {"date", "interval", "cron"}) {
    EXPECT_TRUE(is_engine_trigger_type(own));
    EXPECT_THROW(register_trigger_type(own, factory), Error);
  }
  EXPECT_THROW(register_trigger_type("", factory), Error);
  EXPECT_THROW(register_trigger_type("lunar", nullptr), Error);
  EXPECT_FALSE(is_engine_trigger_type("lunar"));
}

TEST(TriggerRegistry, LongValuesAreCutInErrors) {
  try {
    make_trigger(Json(std::string(10'000, 'x')));
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("..., expected an object"));
    EXPECT_LT(std::string(error.what()).size(), 200u);
  }
}

}  // namespace
}  // namespace duetime
