#include "core/executors/frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/executors/worker_messages.h"

namespace duetime {
namespace {

std::string example() {
  return FrameWriter(FrameType::kRun).u32(7).i64(-2).bytes("text").u64(1ULL << 40).finish();
}

TEST(Frames, AreLittleEndianWithTheirLengthInFront) {
  using std::string_literals::operator""s;
  EXPECT_EQ(FrameWriter(FrameType::kReady).u32(0x01020304).bytes("ab").finish(),
            "\x0B\0\0\0\x02\x04\x03\x02\x01\x02\0\0\0ab"s);
}

TEST(Frames, ComeOutOfAStreamHoweverItIsCut) {
  const std::string stream = example() + example();
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    FrameBuffer buffer;
    int frames = 0;
    for (std::size_t at = 0; at < stream.size(); at += size) {
      buffer.append(std::string_view(stream).substr(at, size));
      while (const auto frame = buffer.next()) {
        ++frames;
        FrameReader reader(*frame);
        EXPECT_EQ(reader.u32(), 7U);
        EXPECT_EQ(static_cast<int64_t>(reader.u64()), -2);
        EXPECT_EQ(reader.bytes(), "text");
        EXPECT_EQ(reader.u64(), 1ULL << 40);
      }
    }
    EXPECT_EQ(frames, 2) << "cut every " << size;
  }
}

template <class Body>
void expect_refused(const char* part, Body&& body) {
  try {
    body();
    ADD_FAILURE() << "expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(error.what(), testing::HasSubstr(part));
  }
}

TEST(Frames, LengthsThatCannotBeAreRefused) {
  for (const std::string_view length :
       {std::string_view("\0\0\0\0x", 5), std::string_view("\xFF\xFF\xFF\xFFx", 5)}) {
    FrameBuffer buffer;
    buffer.append(length);
    expect_refused("a frame of ", [&] { buffer.next(); });
  }
}

TEST(Frames, OutcomesThatEndTooEarlyAreRefused) {
  std::string whole = FrameWriter(FrameType::kOutcome).u64(1).finish() + '\0';
  for (int i = 0; i < 4; ++i) whole += std::string("\1\0\0\0x", 5);
  const std::string_view body = std::string_view(whole).substr(5);
  EXPECT_EQ(read_outcome({FrameType::kOutcome, body}).outcome.result, "x");
  for (std::size_t size = 0; size < body.size(); ++size) {
    expect_refused("ends too early", [&] { read_outcome({FrameType::kOutcome, body.substr(0, size)}); });
  }
}

TEST(Frames, AnUnknownStatusOrVersionIsRefused) {
  const std::string bad_status("\1\0\0\0\0\0\0\0\7", 9);
  expect_refused("status 7", [&] { read_outcome({FrameType::kOutcome, bad_status}); });
  expect_refused("version 2", [&] { read_ready({FrameType::kReady, std::string_view("\2\0\0\0", 4)}); });
}

}  // namespace
}  // namespace duetime
