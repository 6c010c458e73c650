// What fuzzing begins with and what it has found, through every target: with any compiler, in every run.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/base/text.h"
#include "tests/fuzz/fuzz_targets.h"
#include "tests/fuzz/seeds.h"

namespace duetime::fuzz {
namespace {

namespace fs = std::filesystem;

void replay(const FuzzTarget& target, const std::string& input, const std::string& name) {
  try {
    target.run(input);
  } catch (const std::exception& error) {
    ADD_FAILURE() << target.name << ", " << name << " " << in_quotes(input) << ": " << error.what();
  }
}

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class FuzzReplay : public testing::TestWithParam<FuzzTarget> {};

TEST_P(FuzzReplay, OfSeeds) {
  const auto seeds = make_seeds()[GetParam().name];
  EXPECT_FALSE(seeds.empty());
  for (const std::string& seed : seeds) replay(GetParam(), seed, "seed");
}

TEST_P(FuzzReplay, OfRegressions) {
  const fs::path directory = fs::path(DUETIME_SOURCE_DIR) / "tests/fuzz/regressions" / GetParam().name;
  if (!fs::exists(directory)) return;
  for (const auto& file : fs::directory_iterator(directory)) {
    replay(GetParam(), content(file.path()), file.path().filename().string());
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzReplay, testing::ValuesIn(fuzz_targets().begin(), fuzz_targets().end()),
                         [](const auto& target) { return std::string(target.param.name); });

TEST(FuzzReplay, HasATargetForEachDirectoryOfRegressions) {
  for (const auto& directory :
       fs::directory_iterator(fs::path(DUETIME_SOURCE_DIR) / "tests/fuzz/regressions")) {
    EXPECT_NE(find_fuzz_target(directory.path().filename().string()), nullptr) << directory.path();
  }
}

}  // namespace
}  // namespace duetime::fuzz
