#include "core/jobstores/mongodb_bson.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"

namespace duetime {
namespace {

using testing::ElementsAre;

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

// A document of one element: its length, the element, and the terminator.
std::string document_with(const std::string& element) {
  std::string document = bytes({static_cast<int>(element.size()) + 5, 0, 0, 0});
  return document + element + '\0';
}

ErrorCode error_in(const std::string& document) {
  try {
    BsonView(document).for_each([](const BsonElement& element) { element.text(); });
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kInternal;
}

// As bsonspec.org writes it.
TEST(MongoBson, IsWrittenAsSpecified) {
  EXPECT_EQ(Bson{}.bytes(), bytes({5, 0, 0, 0, 0}));
  EXPECT_EQ((Bson{{"hello", "world"}}.bytes()),
            bytes({0x16, 0, 0, 0, 2, 'h', 'e', 'l', 'l', 'o', 0, 6, 0, 0, 0, 'w', 'o', 'r', 'l', 'd', 0, 0}));
  EXPECT_EQ((Bson{{"n", 1}}.bytes()), document_with(bytes({0x12, 'n', 0, 1, 0, 0, 0, 0, 0, 0, 0})));
  EXPECT_EQ((Bson{{"b", true}}.bytes()), document_with(bytes({8, 'b', 0, 1})));
  EXPECT_EQ((Bson{{"x", std::nullopt}}.bytes()), document_with(bytes({10, 'x', 0})));
  EXPECT_EQ((Bson{{"d", Bson{}}}.bytes()), document_with(bytes({3, 'd', 0, 5, 0, 0, 0, 0})));
  EXPECT_EQ((Bson{{"a", std::vector<BsonValue>{true}}}.bytes()),
            document_with(bytes({4, 'a', 0, 9, 0, 0, 0, 8, '0', 0, 1, 0})));
  EXPECT_EQ((Bson{{"r", BsonValue::binary("xy")}}.bytes()),
            document_with(bytes({5, 'r', 0, 2, 0, 0, 0, 0, 'x', 'y'})));
}

TEST(MongoBson, IsReadAsWritten) {
  const Uuid uuid = make_uuid();
  const std::string odd("{$gt: ''}\0\xff", 11);
  const Bson document{{"text", odd},
                      {"empty", ""},
                      {"integer", int64_t{INT64_MIN}},
                      {"yes", true},
                      {"nothing", std::nullopt},
                      {"uuid", uuid},
                      {"instant", kLatestInstant},
                      {"no instant", std::optional<Instant>{}},
                      {"inner", Bson{{"deep", Bson{{"deeper", 7}}}}},
                      {"array", std::vector<Bson>{Bson{{"n", 1}}, Bson{{"n", 2}}}},
                      {"binary", BsonValue::binary(odd)}};
  const BsonView view(document.bytes());
  EXPECT_EQ(view.text("text"), odd);
  EXPECT_EQ(view.text("empty"), "");
  EXPECT_EQ(view.integer("integer"), INT64_MIN);
  EXPECT_EQ(view.find("yes")->boolean(), true);
  EXPECT_TRUE(view.find("nothing")->is_null());
  EXPECT_EQ(view.text("uuid"), to_string(uuid));
  EXPECT_EQ(view.integer("instant"), to_micros(kLatestInstant));
  EXPECT_TRUE(view.find("no instant")->is_null());
  EXPECT_EQ(view.document("inner")->document("deep")->integer("deeper"), 7);
  std::vector<int64_t> numbers;
  view.document("array")->for_each(
      [&](const BsonElement& each) { numbers.push_back(each.document()->integer("n").value_or(0)); });
  EXPECT_THAT(numbers, ElementsAre(1, 2));
  EXPECT_EQ(view.find("binary")->text_or_binary(), odd);
  EXPECT_EQ(view.find("binary")->text(), std::nullopt);
  EXPECT_FALSE(view.find("missing"));
  EXPECT_EQ(view.text("integer"), std::nullopt);
  EXPECT_EQ(view.integer("text"), std::nullopt);
}

TEST(MongoBson, NumbersOfShellsAreRead) {
  const auto read = [](const std::string& element) { return BsonView(document_with(element)).integer("n"); };
  EXPECT_EQ(read(bytes({0x10, 'n', 0, 0xfe, 0xff, 0xff, 0xff})), -2);
  EXPECT_EQ(read(bytes({1, 'n', 0, 0, 0, 0, 0, 0, 0, 0, 0x40})), 2);                // 2.0
  EXPECT_EQ(read(bytes({1, 'n', 0, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f})), std::nullopt);  // 1.5
  EXPECT_EQ(read(bytes({1, 'n', 0, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f})), std::nullopt);  // not a number
  EXPECT_EQ(read(bytes({1, 'n', 0, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f})), std::nullopt);  // infinity
}

TEST(MongoBson, TypesOfOtherProgramsArePassedOver) {
  std::string elements;
  elements += bytes({7, 'i', 0}) + std::string(12, 'x');                       // ObjectId
  elements += bytes({11, 'r', 0, 'a', '*', 0, 'i', 0});                        // regular expression
  elements += bytes({17, 't', 0}) + std::string(8, 'x');                       // timestamp
  elements += bytes({19, 'd', 0}) + std::string(16, 'x');                      // decimal
  elements += bytes({12, 'p', 0, 2, 0, 0, 0, 'c', 0}) + std::string(12, 'x');  // pointer
  elements += bytes({13, 'c', 0, 2, 0, 0, 0, 'c', 0});                         // code
  elements += bytes({0xff, 'm', 0}) + bytes({0x7f, 'M', 0}) + bytes({6, 'u', 0});
  elements += bytes({9, 'w', 0, 0xe8, 3, 0, 0, 0, 0, 0, 0});  // a date: 1000 ms
  const std::string document = document_with(elements + bytes({0x10, 'n', 0, 7, 0, 0, 0}));
  EXPECT_EQ(BsonView(document).integer("n"), 7);
  EXPECT_EQ(BsonView(document).find("w")->date(), from_micros(1'000'000));
}

TEST(MongoBson, DamageIsAnError) {
  const std::string whole(
      Bson{{"text", "abc"}, {"inner", Bson{{"n", 1}}}, {"raw", BsonValue::binary("x")}}.bytes());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(error_in(whole.substr(0, size)), ErrorCode::kStoreCorrupt) << size;
  }
  EXPECT_EQ(error_in(document_with(bytes({2, 'a', 0, 9, 0, 0, 0, 'x', 0}))), ErrorCode::kStoreCorrupt);
  EXPECT_EQ(error_in(document_with(bytes({2, 'a', 0, 0xff, 0xff, 0xff, 0xff, 'x', 0}))),
            ErrorCode::kStoreCorrupt);
  EXPECT_EQ(error_in(document_with(bytes({2, 'a', 0, 0, 0, 0, 0}))), ErrorCode::kStoreCorrupt);
  EXPECT_EQ(error_in(document_with(bytes({0x42, 'a', 0}))), ErrorCode::kStoreCorrupt);
  EXPECT_EQ(error_in(document_with(bytes({2, 'a', 'b'}))), ErrorCode::kStoreCorrupt);
}

// Whatever stands in the bytes, reading ends, in an error or not, and never beyond them.
TEST(MongoBson, AnyChangedByteIsSafe) {
  const std::string whole(Bson{{"text", "abc"},
                               {"inner", Bson{{"n", 1}, {"a", std::vector<BsonValue>{1, "x", true}}}},
                               {"raw", BsonValue::binary("x")}}
                              .bytes());
  const std::function<void(BsonView)> walk = [&](BsonView view) {
    view.for_each([&](const BsonElement& element) {
      element.integer();
      element.text_or_binary();
      element.boolean();
      element.date();
      if (const std::optional<BsonView> inner = element.document()) walk(*inner);
    });
  };
  int errors = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      const std::unique_ptr<char[]> exact(new char[whole.size()]);  // so that a sanitizer sees its end
      whole.copy(exact.get(), whole.size());
      exact[at] = static_cast<char>(value);
      try {
        walk(BsonView({exact.get(), whole.size()}));
      } catch (const Error&) {
        ++errors;
      }
    }
  }
  EXPECT_GT(errors, 0);
}

}  // namespace
}  // namespace duetime
