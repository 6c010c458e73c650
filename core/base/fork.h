// Notices fork(): threads, locks and connections do not survive it, so what holds them compares generations.
#pragma once

#include <cstdint>
#include <mutex>

namespace duetime {

// Another number in each forked child than in its parent. Any thread; costs one atomic load.
uint64_t fork_generation();

// Takes a mutex around every fork() of the process, so that the child finds what it guards at rest and the
// mutex free. Requires: nobody forks, or makes one of these, while holding the mutex.
class HeldAcrossFork {
 public:
  explicit HeldAcrossFork(std::mutex& mutex);
  ~HeldAcrossFork();
  HeldAcrossFork(const HeldAcrossFork&) = delete;
  HeldAcrossFork& operator=(const HeldAcrossFork&) = delete;

 private:
  std::mutex& mutex_;
};

}  // namespace duetime
