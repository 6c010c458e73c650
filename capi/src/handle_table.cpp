#include "capi/src/handle_table.h"

#include <pthread.h>

#include <bit>
#include <new>

namespace duetime::capi {
namespace {

static_assert(sizeof(void*) == sizeof(uint64_t), "a handle's key fills a 64-bit pointer");

constexpr unsigned kIndexBits = 28;
constexpr unsigned kTagShift = 56;
constexpr uint64_t kIndexMask = (uint64_t{1} << kIndexBits) - 1;
constexpr uint64_t kOpen = uint64_t{1} << 27;
constexpr uint64_t kReferencesMask = kOpen - 1;
constexpr uint64_t kOneGeneration = uint64_t{1} << kIndexBits;
constexpr uint64_t kGenerationMask = ((uint64_t{1} << kTagShift) - 1) & ~kIndexMask;

uint32_t index_of(uint64_t key) { return static_cast<uint32_t>(key & kIndexMask); }

// Tag and generation; where key and word agree.
uint64_t identity_of(uint64_t key_or_word) { return key_or_word & ~kIndexMask; }

bool is_alive(uint64_t word, uint64_t key) {
  return (word & kOpen) != 0 && identity_of(word) == identity_of(key);
}

bool is_spent(uint64_t word) { return (word & kGenerationMask) == kGenerationMask; }

uint64_t closed(uint64_t word) { return (word + kOneGeneration) & ~kOpen; }

}  // namespace

uint64_t HandleTable::open(HandleType type, std::unique_ptr<HandleObject> object) {
  const uint32_t index = take_slot();
  Slot& slot = *find(index);
  slot.object = object.release();
  const uint64_t generation = slot.word.load(std::memory_order_relaxed) & kGenerationMask;
  const uint64_t identity = (static_cast<uint64_t>(type) << kTagShift) | generation;
  slot.word.store(identity | kOpen | 1, std::memory_order_release);
  return identity | index;
}

HandleObject* HandleTable::acquire(uint64_t key) noexcept {
  Slot* const slot = find(index_of(key));
  if (slot == nullptr) return nullptr;
  uint64_t word = slot->word.load(std::memory_order_relaxed);
  do {
    if (!is_alive(word, key)) return nullptr;
  } while (!slot->word.compare_exchange_weak(word, word + 1, std::memory_order_acquire,
                                             std::memory_order_relaxed));
  return slot->object;
}

void HandleTable::release(uint64_t key) noexcept {
  const uint32_t index = index_of(key);
  Slot& slot = *find(index);
  const uint64_t before = slot.word.fetch_sub(1, std::memory_order_acq_rel);
  if ((before & kReferencesMask) > 1) return;
  delete slot.object;
  slot.object = nullptr;
  if (!is_spent(before)) give_back(index);
}

bool HandleTable::close(uint64_t key) noexcept {
  Slot* const slot = find(index_of(key));
  if (slot == nullptr) return false;
  uint64_t word = slot->word.load(std::memory_order_relaxed);
  do {
    if (!is_alive(word, key)) return false;
  } while (!slot->word.compare_exchange_weak(word, closed(word), std::memory_order_acq_rel,
                                             std::memory_order_relaxed));
  release(key);
  return true;
}

// Chunk k holds the 1,024 * 2^k slots from index 1,024 * (2^k - 1) on.
HandleTable::Slot* HandleTable::find(uint32_t index) const noexcept {
  const auto chunk = static_cast<unsigned>(std::bit_width((index >> kFirstChunkBits) + 1)) - 1;
  if (chunk >= kChunkCount) return nullptr;
  Slot* const slots = chunks_[chunk].load(std::memory_order_acquire);
  if (slots == nullptr) return nullptr;
  const uint32_t first = ((uint32_t{1} << chunk) - 1) << kFirstChunkBits;
  return slots + (index - first);
}

uint32_t HandleTable::take_slot() {
  const std::scoped_lock lock(mutex_);
  if (first_free_ == kNone) return take_fresh_slot();
  const uint32_t index = first_free_;
  first_free_ = find(index)->next_free;
  return index;
}

uint32_t HandleTable::take_fresh_slot() {
  const auto chunk = static_cast<unsigned>(std::bit_width((fresh_ >> kFirstChunkBits) + 1)) - 1;
  if (chunk >= kChunkCount) throw std::bad_alloc();
  if (chunks_[chunk].load(std::memory_order_relaxed) == nullptr) {
    Slot* const slots = new Slot[std::size_t{1} << (kFirstChunkBits + chunk)];
    chunks_[chunk].store(slots, std::memory_order_release);
  }
  find(fresh_)->word.store(kOneGeneration, std::memory_order_relaxed);  // generation 0 is nobody's
  return fresh_++;
}

void HandleTable::give_back(uint32_t index) noexcept {
  const std::scoped_lock lock(mutex_);
  find(index)->next_free = first_free_;
  first_free_ = index;
}

HandleTable& handle_table() {
  static HandleTable& table = []() -> HandleTable& {
    static HandleTable* const made = new HandleTable();
    pthread_atfork([] { made->lock_for_fork(); }, [] { made->unlock_after_fork(); },
                   [] { made->unlock_after_fork(); });
    return *made;
  }();
  return table;
}

}  // namespace duetime::capi
