// The frames that a process pool and its workers exchange (docs/worker_protocol.md): a length, a type,
// members one after the other. All numbers are little-endian.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace duetime {

enum class FrameType : uint8_t {
  kHello = 1,    // to the worker, first of all
  kReady = 2,    // from the worker: it is set up
  kRefused = 3,  // from the worker instead: why it cannot be
  kRun = 4,      // to the worker
  kOutcome = 5,  // from the worker, for each run it took
};

class FrameWriter {
 public:
  explicit FrameWriter(FrameType type);
  FrameWriter& u32(uint32_t value) { return number(value, 4); }
  FrameWriter& u64(uint64_t value) { return number(value, 8); }
  FrameWriter& i64(int64_t value) { return number(static_cast<uint64_t>(value), 8); }
  FrameWriter& bytes(std::string_view value);  // its length and itself; at most 4 GiB
  std::string finish();                        // once

 private:
  FrameWriter& number(uint64_t value, int bytes);

  std::string frame_;
};

// Borrows from the buffer that it came from, until that is asked for the next one.
struct Frame {
  FrameType type;
  std::string_view body;
};

// Reads the members of a frame in their order. Throws kInvalidArgument where they end too early.
class FrameReader {
 public:
  explicit FrameReader(const Frame& frame) : rest_(frame.body) {}
  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t u64() { return number(8); }
  std::string_view bytes() { return take(u32()); }

 private:
  uint64_t number(int bytes);
  std::string_view take(std::size_t size);

  std::string_view rest_;
};

inline constexpr std::size_t kMaxFrameBytes = std::size_t{256} * 1024 * 1024;

// Cuts a stream of bytes into frames.
class FrameBuffer {
 public:
  void append(std::string_view bytes);

  // Empty if the next one is not complete. Throws kInvalidArgument for a length above kMaxFrameBytes.
  std::optional<Frame> next();

 private:
  std::string bytes_;
  std::size_t read_ = 0;
};

}  // namespace duetime
