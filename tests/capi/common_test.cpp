#include <duetime/common.h>

#include <set>
#include <string>
#include <thread>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

TEST(Version, IsThatOfHeaderAndBuild) {
  EXPECT_EQ(duetime_version(),
            DUETIME_VERSION_MAJOR * 1'000'000 + DUETIME_VERSION_MINOR * 1'000 + DUETIME_VERSION_PATCH);
  EXPECT_STREQ(duetime_version_string(), DUETIME_PROJECT_VERSION);
}

TEST(Status, HasAName) {
  std::set<std::string> names;
  for (duetime_status status = DUETIME_OK; status >= DUETIME_ERROR_MAX_INSTANCES; --status) {
    names.insert(duetime_status_name(status));
  }
  EXPECT_EQ(names.size(), 18u);
  EXPECT_TRUE(names.contains("DUETIME_ERROR_CONFLICT"));
  EXPECT_STREQ(duetime_status_name(1), "unknown status");
  EXPECT_STREQ(duetime_status_name(-18), "unknown status");
}

TEST(LastError, BelongsToItsThread) {
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "duetime_clock", duetime_clock_now(nullptr, nullptr));
  std::string elsewhere = "unset";
  std::thread([&] { elsewhere = duetime_last_error_message(); }).join();
  EXPECT_EQ(elsewhere, "");
  EXPECT_STRNE(duetime_last_error_message(), "");
}

TEST(Free, TakesNull) { duetime_free(nullptr); }

}  // namespace
}  // namespace duetime::capi_test
