#include "core/base/fork.h"

#include <pthread.h>

#include <atomic>

namespace duetime {
namespace {

std::atomic<uint64_t> generation{1};

const bool handler_installed = [] {
  return pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1); }) == 0;
}();

}  // namespace

uint64_t fork_generation() { return generation.load(std::memory_order_relaxed); }

}  // namespace duetime
