// Threads that say why they cannot be had.
#pragma once

#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "core/base/error.h"

namespace duetime {

// Throws kInternal where the process, or its user, has as many threads as it may.
template <typename Body>
std::thread start_thread(Body body) {
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error& error) {
    throw Error(ErrorCode::kInternal, "cannot start a thread: " + error.code().message() +
                                          "; the process or its user may have no more (RLIMIT_NPROC)");
  }
}

}  // namespace duetime
