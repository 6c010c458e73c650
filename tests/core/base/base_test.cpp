#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/uuid.h"

namespace duetime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Uuid, AreDistinctVersion4AndReadBack) {
  std::set<Uuid> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(make_uuid());
  EXPECT_EQ(seen.size(), 10'000u);
  const Uuid uuid = *seen.begin();
  const std::string text = to_string(uuid);
  EXPECT_EQ(text.size(), 32u);
  EXPECT_EQ(text[12], '4');
  EXPECT_THAT(std::string("89ab"), HasSubstr(std::string(1, text[16])));
  EXPECT_EQ(parse_uuid(text), uuid);
  EXPECT_FALSE(parse_uuid("xyz"));
  EXPECT_FALSE(parse_uuid(std::string(32, 'g')));
}

TEST(Text, KnowsUtf8) {
  for (const char* good :
       {"", "plain", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x8C\x99", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad :
       {"\xFF", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80", "a\xC3z"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Text, CutsBetweenCharacters) {
  EXPECT_EQ(truncate_utf8("a\xE2\x82\xAC", 4), "a\xE2\x82\xAC");
  EXPECT_EQ(truncate_utf8("a\xE2\x82\xAC", 3), "a");
}

TEST(Text, Base64ComesBack) {
  for (std::size_t length = 0; length < 70; ++length) {
    std::string bytes;
    for (std::size_t i = 0; i < length; ++i) bytes += static_cast<char>(i * 37 + length);
    EXPECT_EQ(decode_base64(encode_base64(bytes), "bytes"), bytes);
  }
  EXPECT_EQ(encode_base64("due"), "ZHVl");
  for (const char* bad : {"a", "ab==c", "a===", "????", "ZHVl\n"})
    EXPECT_THROW(decode_base64(bad, "x"), Error) << bad;
}

TEST(Json, RefusesDepthAndSizeBeforeReading) {
  EXPECT_THROW(parse_json(std::string(100'000, '['), "test"), Error);
  EXPECT_THROW(parse_json(std::string(kMaxJsonBytes + 1, ' '), "test"), Error);
  EXPECT_EQ(parse_json("\"[[[[ \\\" \"", "test"), "[[[[ \" ");
}

TEST(Log, EscapesControlCharactersAndSurvivesItsSink) {
  std::vector<std::string> lines;
  const Log log([&](LogLevel, std::string_view, std::string_view text) {
    lines.emplace_back(text);
    throw std::runtime_error("sink is full");
  });
  log.write(LogLevel::kWarning, "scheduler", "id a\nERROR forged");
  log.write(LogLevel::kDebug, "scheduler", "not wanted");
  EXPECT_THAT(lines, ElementsAre("id a\\x0aERROR forged"));
}

}  // namespace
}  // namespace duetime
