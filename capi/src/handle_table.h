// Handles of the C ABI. The pointer that a caller holds is not an address but a key, so whatever comes in
// - NULL, a destroyed handle, one of another type, a pointer to something else - is looked up, never
// followed.
//
//   key    type tag (8 bits)   generation (28)   slot index (28)
//   word   type tag (8 bits)   generation (28)   open (1)   references (27)       one atomic per slot
//
// A handle is alive while its key's tag and generation are those of its slot's word and the slot is open. A
// use raises the reference count in the same compare-and-set that checks this, so an object is deleted by its
// last user: a destroy that races with a call leaves the call its object. Closing raises the generation; a
// slot whose generations are spent is not used again, so a stale handle stays stale for ever.
//
// Slots lie in chunks that are never freed, which is why a stale key can always be looked up. Tags are such
// that no key is a user-space address.
//
// Threads: everything may be called from any thread. Objects are deleted with no lock held.
// Fork: the child may use the table; objects in use by another thread of the parent at that moment stay in
// memory.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace duetime::capi {

enum class HandleType : uint8_t {
  kClock = 0xC1,
  kTrigger = 0xC2,
  kJob = 0xC3,
  kJobList = 0xC4,
  kScheduler = 0xC5,
  kExecution = 0xC6,
  kRunList = 0xC7,
  kParkedList = 0xC8
};

class HandleObject {
 public:
  virtual ~HandleObject() = default;
};

class HandleTable {
 public:
  HandleTable() = default;
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  static bool has_type(uint64_t key, HandleType type) { return key >> 56 == static_cast<uint64_t>(type); }

  // The key of a new handle. Throws std::bad_alloc.
  uint64_t open(HandleType type, std::unique_ptr<HandleObject> object);

  // Null for a key that is not alive. Otherwise the object lives until release() of the same key.
  HandleObject* acquire(uint64_t key) noexcept;
  void release(uint64_t key) noexcept;

  // Makes the key stale and gives up the table's own reference. False if it already was.
  bool close(uint64_t key) noexcept;

  // Around fork(), so that the child does not inherit a lock that nobody will release.
  void lock_for_fork() { mutex_.lock(); }
  void unlock_after_fork() { mutex_.unlock(); }

 private:
  struct Slot {
    std::atomic<uint64_t> word{0};
    HandleObject* object = nullptr;  // written while the slot is closed
    uint32_t next_free = 0;
  };

  static constexpr unsigned kFirstChunkBits = 10;  // 1,024 slots; each further chunk has twice as many
  static constexpr unsigned kChunkCount = 18;

  Slot* find(uint32_t index) const noexcept;
  uint32_t take_slot();
  uint32_t take_fresh_slot();
  void give_back(uint32_t index) noexcept;

  std::array<std::atomic<Slot*>, kChunkCount> chunks_{};

  std::mutex mutex_;  // guards the members below; never held while foreign code runs
  uint32_t first_free_ = kNone;
  uint32_t fresh_ = 0;  // slots from here on were never used

  static constexpr uint32_t kNone = UINT32_MAX;
};

// The process's table. Never destroyed: handles may be used until the very end of the process.
HandleTable& handle_table();

}  // namespace duetime::capi
