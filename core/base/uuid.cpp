#include "core/base/uuid.h"

#include <sys/random.h>

#include <charconv>
#include <random>

#include "core/base/fork.h"

namespace duetime {
namespace {

uint64_t random_bits() {
  uint64_t bits = 0;
  if (getrandom(&bits, sizeof bits, 0) == sizeof bits) return bits;
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

// xoshiro256** by Blackman and Vigna (public domain algorithm), seeded from the kernel.
class Generator {
 public:
  uint64_t next() {
    if (seeded_in_ != fork_generation()) seed();
    const uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

 private:
  static uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

  void seed() {
    for (uint64_t& word : state_) word = random_bits();
    seeded_in_ = fork_generation();
  }

  uint64_t state_[4] = {};
  uint64_t seeded_in_ = 0;
};

void append_hex(std::string& text, uint64_t bits) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(bits >> shift) & 0xF];
}

std::optional<uint64_t> parse_hex(std::string_view text) {
  uint64_t bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return bits;
}

}  // namespace

Uuid make_uuid() {
  thread_local Generator generator;
  constexpr uint64_t kVersionMask = 0xFFFFFFFFFFFF0FFFull;
  constexpr uint64_t kVersion4 = 0x0000000000004000ull;
  constexpr uint64_t kVariantMask = 0x3FFFFFFFFFFFFFFFull;
  constexpr uint64_t kVariantRfc4122 = 0x8000000000000000ull;
  return {(generator.next() & kVersionMask) | kVersion4, (generator.next() & kVariantMask) | kVariantRfc4122};
}

std::string to_string(const Uuid& uuid) {
  std::string text;
  text.reserve(32);
  append_hex(text, uuid.high);
  append_hex(text, uuid.low);
  return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 32 || text.find_first_of("+-") != std::string_view::npos) return std::nullopt;
  const auto high = parse_hex(text.substr(0, 16));
  const auto low = parse_hex(text.substr(16));
  if (!high || !low) return std::nullopt;
  return Uuid{*high, *low};
}

}  // namespace duetime
