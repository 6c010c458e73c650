#include "tests/no_memory/failing_memory.h"

#include <cstdlib>
#include <new>

namespace {

// Before the next one that fails; 0: none does.
thread_local int left = 0;
thread_local bool lasts = false;
thread_local bool failed = false;

bool is_to_fail() {
  if (left == 0 || --left > 0) return false;
  failed = true;
  if (lasts) left = 1;
  return true;
}

void* allocate(std::size_t size) { return is_to_fail() ? nullptr : std::malloc(size != 0 ? size : 1); }

}  // namespace

// Not inlined: GCC 12 would take free() after new for a mistake of ours.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (void* const memory = allocate(size)) return memory;
  throw std::bad_alloc();
}

[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}

[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

// Of a braced list of JSON values, GCC 12 forgets those that it has made when the next one throws
// (gcc.gnu.org/PR66139).
extern "C" [[gnu::visibility("default")]] const char* __lsan_default_suppressions() {
  return "leak:nlohmann::\n";
}

namespace duetime {

FailingMemory::FailingMemory(int number, Shortage shortage) {
  failed = false;
  lasts = shortage == Shortage::kLasting;
  left = number;
}

FailingMemory::~FailingMemory() { left = 0; }

bool FailingMemory::has_failed() { return failed; }

}  // namespace duetime
