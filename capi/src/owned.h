// User data with its release function: released exactly once, when the last copy goes. An entry point adopts
// what it is given in its first statement, before it checks anything, so that a failed call releases too.
#pragma once

#include <duetime/common.h>

#include <memory>

namespace duetime::capi {

using Owned = std::shared_ptr<void>;

// NULL user data is nobody's and never released. Throws std::bad_alloc, after releasing.
inline Owned adopt(void* user_data, duetime_release_fn release) {
  if (user_data == nullptr) return {};
  if (release == nullptr) return Owned(Owned(), user_data);
  return Owned(user_data, release);
}

}  // namespace duetime::capi
