#include "core/executors/frames.h"

#include "core/base/error.h"

namespace duetime {
namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kHeaderBytes = kLengthBytes + 1;

uint64_t number_in(std::string_view bytes) {
  uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i)
    value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return value;
}

}  // namespace

FrameWriter::FrameWriter(FrameType type) : frame_(kLengthBytes, '\0') { frame_ += static_cast<char>(type); }

FrameWriter& FrameWriter::number(uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) frame_ += static_cast<char>(value >> (8 * i) & 0xFF);
  return *this;
}

FrameWriter& FrameWriter::bytes(std::string_view value) {
  u32(static_cast<uint32_t>(value.size()));
  frame_ += value;
  return *this;
}

// The length does not count itself.
std::string FrameWriter::finish() {
  const std::size_t length = frame_.size() - kLengthBytes;
  for (std::size_t i = 0; i < kLengthBytes; ++i) frame_[i] = static_cast<char>(length >> (8 * i) & 0xFF);
  return std::move(frame_);
}

uint64_t FrameReader::number(int bytes) { return number_in(take(static_cast<std::size_t>(bytes))); }

std::string_view FrameReader::take(std::size_t size) {
  if (size > rest_.size()) {
    throw Error(ErrorCode::kInvalidArgument, "a frame that ends too early: " + std::to_string(size) +
                                                 " bytes expected, " + std::to_string(rest_.size()) +
                                                 " left");
  }
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

void FrameBuffer::append(std::string_view bytes) {
  bytes_.erase(0, read_);
  read_ = 0;
  bytes_ += bytes;
}

std::optional<Frame> FrameBuffer::next() {
  const std::string_view unread = std::string_view(bytes_).substr(read_);
  if (unread.size() < kHeaderBytes) return std::nullopt;
  const auto length = static_cast<std::size_t>(number_in(unread.substr(0, kLengthBytes)));
  if (length < 1 || length > kMaxFrameBytes) {
    throw Error(ErrorCode::kInvalidArgument, "a frame of " + std::to_string(length) +
                                                 " bytes, expected 1 to " + std::to_string(kMaxFrameBytes));
  }
  if (unread.size() < kLengthBytes + length) return std::nullopt;
  read_ += kLengthBytes + length;
  return Frame{static_cast<FrameType>(unread[kLengthBytes]), unread.substr(kHeaderBytes, length - 1)};
}

}  // namespace duetime
