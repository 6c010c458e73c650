// A part of a test in a process of its own: one that may be killed, limited, or stripped of its rights.
#pragma once

#include <sys/types.h>

#include <functional>

namespace duetime {

// Forks. The child runs `body` and ends with success if it returns true and no expectation in it failed.
pid_t start_child(const std::function<bool()>& body);

// Wait for its end.
bool child_succeeded(pid_t child);
int signal_that_ended(pid_t child);  // 0: none did

inline bool in_child(const std::function<bool()>& body) { return child_succeeded(start_child(body)); }

}  // namespace duetime
