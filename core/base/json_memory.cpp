#include "core/base/json_memory.h"

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <new>

namespace duetime {
namespace {

constexpr std::size_t kSlots = 64;
constexpr std::size_t kSlotBytes = 4'096;  // 256 values; the pages cost nothing until they are used

struct alignas(std::max_align_t) Slot {
  std::array<std::byte, kSlotBytes> bytes;
};

std::array<Slot, kSlots> reserve;
std::atomic<uint64_t> taken{0};  // a bit for each slot

void* take_slot() {
  uint64_t seen = taken;
  for (;;) {
    const int free = std::countr_one(seen);
    if (free == static_cast<int>(kSlots)) return nullptr;
    if (taken.compare_exchange_weak(seen, seen | (uint64_t{1} << free))) {
      return &reserve[static_cast<std::size_t>(free)];
    }
  }
}

bool is_reserve(const void* memory) {
  const auto place = reinterpret_cast<std::uintptr_t>(memory);
  const auto begin = reinterpret_cast<std::uintptr_t>(reserve.data());
  return place >= begin && place < begin + sizeof(reserve);
}

}  // namespace

void* allocate_json(std::size_t bytes) {
  if (void* const memory = ::operator new(bytes, std::nothrow)) return memory;
  void* const slot = bytes <= kSlotBytes ? take_slot() : nullptr;
  if (!slot) throw std::bad_alloc();
  return slot;
}

void free_json(void* memory) noexcept {
  if (!is_reserve(memory)) return ::operator delete(memory);
  const auto slot = static_cast<std::size_t>(static_cast<const Slot*>(memory) - reserve.data());
  taken &= ~(uint64_t{1} << slot);
}

}  // namespace duetime
