#include "core/time/tzif.h"

#include <string>

#include "core/base/error.h"

namespace duetime {
namespace {

constexpr std::size_t kTypeBytes = 6;

// RFC 8536, 3.2: offsets lie between -25 and +26 hours, exclusive.
constexpr int64_t kLowestOffset = -89'999;
constexpr int64_t kHighestOffset = 93'599;

struct Header {
  char version;
  uint32_t utc_indicators;
  uint32_t standard_indicators;
  uint32_t leap_seconds;
  uint32_t transitions;
  uint32_t types;
  uint32_t name_bytes;
};

class TzifParser {
 public:
  TzifParser(std::string_view bytes, std::string_view what) : bytes_(bytes), what_(what) {}

  TzifData parse() {
    if (bytes_.size() > kMaxTzifBytes) fail("larger than " + std::to_string(kMaxTzifBytes) + " bytes");
    Header header = read_header();
    if (header.version == 0) return read_block(header, 4);
    skip_block(header);  // the same data in 32 bits, for readers of before 2005
    header = read_header();
    TzifData data = read_block(header, 8);
    data.footer = read_footer();
    return data;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw Error(ErrorCode::kStoreCorrupt, "time zone data of " + std::string(what_) + ": " + why);
  }

  std::string_view take(std::size_t count) {
    if (count > bytes_.size() - position_) fail("ends too early");
    const std::string_view taken = bytes_.substr(position_, count);
    position_ += count;
    return taken;
  }

  // Big-endian, two's complement.
  int64_t integer(std::size_t size) {
    uint64_t value = 0;
    for (const char c : take(size)) value = (value << 8) | static_cast<unsigned char>(c);
    return size == 4 ? static_cast<int32_t>(value) : static_cast<int64_t>(value);
  }

  uint32_t count() { return static_cast<uint32_t>(integer(4)); }

  Header read_header() {
    if (take(4) != "TZif") fail("not a TZif file");
    Header header{};
    header.version = take(1).front();
    take(15);
    header.utc_indicators = count();
    header.standard_indicators = count();
    header.leap_seconds = count();
    header.transitions = count();
    header.types = count();
    header.name_bytes = count();
    check(header);
    return header;
  }

  void check(const Header& header) const {
    if (header.version != 0 && header.version < '2') fail("unknown version");
    if (header.transitions > kMaxTzifTransitions) fail("too many transitions");
    if (header.types > 256) fail("too many local time types");
    if (header.leap_seconds > kMaxTzifTransitions) fail("too many leap seconds");
    if (header.utc_indicators > header.types || header.standard_indicators > header.types) {
      fail("more indicators than local time types");
    }
  }

  void skip_block(const Header& h) {
    take(std::size_t{h.transitions} * 5 + std::size_t{h.types} * kTypeBytes + h.name_bytes +
         std::size_t{h.leap_seconds} * 8 + h.standard_indicators + h.utc_indicators);
  }

  TzifData read_block(const Header& header, std::size_t time_bytes) {
    if (header.types == 0) fail("no local time type");
    // Transitions of "right/" files count leap seconds, which POSIX time does not: they would be 27 s off.
    if (header.leap_seconds != 0) fail("it counts leap seconds; expected a zone in POSIX time");
    TzifData data;
    data.transitions = read_times(header.transitions, time_bytes);
    const std::string_view types = take(header.transitions);
    const std::vector<int> offsets = read_offsets(header.types);
    take(header.name_bytes + header.standard_indicators + header.utc_indicators);
    data.first_offset = offsets.front();
    for (std::size_t i = 0; i < types.size(); ++i) {
      const auto type = static_cast<unsigned char>(types[i]);
      if (type >= offsets.size()) fail("a transition to an unknown local time type");
      data.transitions[i].offset = offsets[type];
    }
    return data;
  }

  std::vector<TzifTransition> read_times(uint32_t count, std::size_t time_bytes) {
    std::vector<TzifTransition> transitions;
    transitions.reserve(count);
    for (uint32_t i = 0; i < count; ++i) {
      const int64_t at = integer(time_bytes);
      if (!transitions.empty() && at <= transitions.back().at) fail("transitions out of order");
      transitions.push_back({at, 0});
    }
    return transitions;
  }

  std::vector<int> read_offsets(uint32_t count) {
    std::vector<int> offsets;
    for (uint32_t i = 0; i < count; ++i) {
      const int64_t offset = integer(4);
      if (offset < kLowestOffset || offset > kHighestOffset)
        fail("an offset of " + std::to_string(offset) + " s");
      offsets.push_back(static_cast<int>(offset));
      take(2);  // whether it is called daylight time, and its abbreviation
    }
    return offsets;
  }

  std::string_view read_footer() {
    if (take(1) != "\n") fail("no footer");
    const std::size_t end = bytes_.find('\n', position_);
    if (end == std::string_view::npos) fail("ends inside the footer");
    return take(end - position_);
  }

  std::string_view bytes_;
  std::string_view what_;
  std::size_t position_ = 0;
};

}  // namespace

TzifData parse_tzif(std::string_view bytes, std::string_view what) { return TzifParser(bytes, what).parse(); }

}  // namespace duetime
