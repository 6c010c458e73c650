// Memory that ends, for programs whose operator new fails when it is told to: those that have
// failing_memory.cpp.
#pragma once

namespace duetime {

enum class Shortage { kOnce, kLasting };

// While it lives, an allocation of this thread by operator new fails: the `number`-th from now, and with
// kLasting all that follow. One at a time.
class FailingMemory {
 public:
  FailingMemory(int number, Shortage shortage);
  ~FailingMemory();
  FailingMemory(const FailingMemory&) = delete;
  FailingMemory& operator=(const FailingMemory&) = delete;

  static bool has_failed();  // this one, or the last
};

}  // namespace duetime
