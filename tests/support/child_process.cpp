#include "tests/support/child_process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

namespace duetime {
namespace {

int status_of(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

bool passes(const std::function<bool()>& body) {
  try {
    return body() && !testing::Test::HasFailure();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child process: %s\n", error.what());
    return false;
  }
}

}  // namespace

pid_t start_child(const std::function<bool()>& body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child != 0) return child;
  const bool passed = passes(body);
  std::fflush(nullptr);
  _exit(passed ? 0 : 1);
}

bool child_succeeded(pid_t child) {
  const int status = status_of(child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int signal_that_ended(pid_t child) {
  const int status = status_of(child);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace duetime
