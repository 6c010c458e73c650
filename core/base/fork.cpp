#include "core/base/fork.h"

#include <pthread.h>

#include <atomic>
#include <list>

namespace duetime {
namespace {

std::atomic<uint64_t> generation{1};

struct Mutexes {
  std::mutex own;
  std::list<std::mutex*> held;
};

// Never destroyed: a thread may fork while the process exits.
Mutexes& mutexes() {
  static Mutexes* const only = new Mutexes;
  return *only;
}

void take_all() {
  mutexes().own.lock();
  for (std::mutex* mutex : mutexes().held) mutex->lock();
}

void give_back_all() {
  for (std::mutex* mutex : mutexes().held) mutex->unlock();
  mutexes().own.unlock();
}

void begin_in_child() {
  generation.fetch_add(1);
  give_back_all();
}

const bool handlers_installed = pthread_atfork(take_all, give_back_all, begin_in_child) == 0;

}  // namespace

uint64_t fork_generation() { return generation.load(std::memory_order_relaxed); }

HeldAcrossFork::HeldAcrossFork(std::mutex& mutex) : mutex_(mutex) {
  const std::lock_guard lock(mutexes().own);
  mutexes().held.push_back(&mutex);
}

HeldAcrossFork::~HeldAcrossFork() {
  const std::lock_guard lock(mutexes().own);
  mutexes().held.remove(&mutex_);
}

}  // namespace duetime
