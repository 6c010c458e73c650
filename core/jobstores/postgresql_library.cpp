#include "core/jobstores/postgresql_library.h"

#include <dlfcn.h>

#include <cstdlib>

#include "core/base/error.h"

namespace duetime {
namespace {

constexpr const char* kFileName = "libpq.so.5";

[[noreturn]] void fail(const std::string& why) { throw Error(ErrorCode::kStoreUnavailable, why); }

std::string last_loader_error() {
  const char* text = dlerror();
  return text ? text : "unknown error";
}

void* open_library(const char* override_path) {
  const bool overridden = override_path && *override_path;
  if (void* handle = dlopen(overridden ? override_path : kFileName, RTLD_NOW | RTLD_LOCAL)) return handle;
  if (overridden) {
    fail("the PostgreSQL client library named by DUETIME_LIBPQ_LIBRARY cannot be loaded: " +
         last_loader_error());
  }
  fail("the PostgreSQL client library cannot be loaded (" + last_loader_error() +
       "); install it (Debian and Ubuntu: package libpq5; Fedora: libpq) or name its file in "
       "DUETIME_LIBPQ_LIBRARY");
}

template <typename Function>
void resolve(void* handle, const std::string& source, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  if (!function) {
    fail("the PostgreSQL client library from " + source + " has no function " + name +
         ", expected libpq of PostgreSQL 14 or later");
  }
}

}  // namespace

PqLibrary load_pq_library(const char* override_path) {
  void* const handle = open_library(override_path);
  PqLibrary library;
  library.source = override_path && *override_path ? override_path : kFileName;
#define DUETIME_PQ_RESOLVE(name, result, arguments) resolve(handle, library.source, #name, library.name);
  DUETIME_PQ_FUNCTIONS(DUETIME_PQ_RESOLVE)
#undef DUETIME_PQ_RESOLVE
  return library;
}

const PqLibrary& pq_library() {
  // A static whose initialiser throws is tried again at the next call: a library installed meanwhile is
  // found.
  static const PqLibrary library = load_pq_library(std::getenv("DUETIME_LIBPQ_LIBRARY"));
  return library;
}

}  // namespace duetime
