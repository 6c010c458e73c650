// The library exports what capi/symbols.txt lists and nothing else, and the list is what the headers declare.
// A line that vanishes from the list breaks programs that were linked before; a new one is a promise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace {

using Names = std::set<std::string>;

std::string output_of(const std::string& command) {
  std::string output;
  std::array<char, 4096> buffer{};
  FILE* const pipe = popen(command.c_str(), "r");
  while (const std::size_t count = fread(buffer.data(), 1, buffer.size(), pipe))
    output.append(buffer.data(), count);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return output;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// Lines are "<address> <type> <name>@@<version>"; the version node itself is of type A.
Names exported_names() {
  Names names;
  std::istringstream lines(output_of("nm -D --defined-only '" DUETIME_LIBRARY "'"));
  std::string address, type, name;
  while (lines >> address >> type >> name) {
    if (type != "A") names.insert(name);
  }
  return names;
}

Names listed_names() {
  Names names;
  std::istringstream lines(text_of(DUETIME_SOURCE_DIR "/capi/symbols.txt"));
  for (std::string name; lines >> name;) names.insert(name + "@@DUETIME_0");
  return names;
}

Names declared_names() {
  static const std::regex declaration(R"(DUETIME_API\s[^;]*?\b(duetime_\w+)\()");
  Names names;
  for (const auto& entry : std::filesystem::directory_iterator(DUETIME_SOURCE_DIR "/capi/include/duetime")) {
    const std::string text = text_of(entry.path());
    for (std::sregex_iterator match(text.begin(), text.end(), declaration), end; match != end; ++match) {
      names.insert((*match)[1].str() + "@@DUETIME_0");
    }
  }
  return names;
}

TEST(Symbols, AreThoseOfTheCheckedInList) {
  EXPECT_THAT(exported_names(), testing::ContainerEq(listed_names()));
}

TEST(Symbols, AreDeclaredInAHeader) { EXPECT_THAT(declared_names(), testing::ContainerEq(listed_names())); }

}  // namespace
