// A part of a test in a process of its own: one that may be killed, limited, or stripped of its rights.
#pragma once

#include <gtest/gtest.h>

#include <sys/types.h>

#include <functional>

// For tests that fork while another thread allocates: the allocator of GCC 12's AddressSanitizer has locks
// that fork() does not wait for, so that now and then the child hangs in malloc().
#ifdef __SANITIZE_ADDRESS__
#define DUETIME_SKIP_IF_MALLOC_CANNOT_FORK() \
  GTEST_SKIP() << "the sanitizer's allocator does not survive a fork() in mid-call"
#else
#define DUETIME_SKIP_IF_MALLOC_CANNOT_FORK() static_cast<void>(0)
#endif

namespace duetime {

// Forks. The child runs `body` and ends with success if it returns true and no expectation in it failed.
pid_t start_child(const std::function<bool()>& body);

// Wait for its end.
bool child_succeeded(pid_t child);
int signal_that_ended(pid_t child);  // 0: none did

inline bool in_child(const std::function<bool()>& body) { return child_succeeded(start_child(body)); }

}  // namespace duetime
