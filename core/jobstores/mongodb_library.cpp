#include "core/jobstores/mongodb_library.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "core/base/error.h"

namespace duetime {
namespace {

constexpr const char* kFileName = "libmongoc-1.0.so.0";

[[noreturn]] void fail(const std::string& why) { throw Error(ErrorCode::kStoreUnavailable, why); }

std::string last_loader_error() {
  const char* text = dlerror();
  return text ? text : "unknown error";
}

void* open_library(const char* override_path) {
  const bool overridden = override_path && *override_path;
  if (void* handle = dlopen(overridden ? override_path : kFileName, RTLD_NOW | RTLD_LOCAL)) return handle;
  if (overridden) {
    fail("the MongoDB driver named by DUETIME_MONGOC_LIBRARY cannot be loaded: " + last_loader_error());
  }
  fail("the MongoDB driver cannot be loaded (" + last_loader_error() +
       "); install it (Debian and Ubuntu: package libmongoc-1.0-0; Fedora: mongo-c-driver-libs) or name its "
       "file in DUETIME_MONGOC_LIBRARY");
}

// The names of libbson are found too: the driver depends on it.
template <typename Function>
void resolve(void* handle, const std::string& source, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  if (!function) fail("the MongoDB driver from " + source + " has no function " + name);
}

// The driver keeps counters in shared memory under the process's number. What a process of this number that
// was killed has left there makes it complain on standard error while it is being loaded.
void remove_counters_of_the_dead() { shm_unlink(("/mongoc-" + std::to_string(getpid())).c_str()); }

MongocLibrary load_and_initialise() {
  // A driver that the program has loaded already keeps the log handler it has.
  const bool was_loaded = dlopen(kFileName, RTLD_NOW | RTLD_NOLOAD) != nullptr;
  if (!was_loaded) remove_counters_of_the_dead();
  MongocLibrary library = load_mongoc_library(std::getenv("DUETIME_MONGOC_LIBRARY"));
  // The driver writes to standard error what it also answers as an error.
  if (!was_loaded) library.mongoc_log_set_handler(nullptr, nullptr);
  library.mongoc_init();
  return library;
}

}  // namespace

MongocLibrary load_mongoc_library(const char* override_path) {
  void* const handle = open_library(override_path);
  MongocLibrary library;
  library.source = override_path && *override_path ? override_path : kFileName;
#define DUETIME_MONGOC_RESOLVE(name, result, arguments) resolve(handle, library.source, #name, library.name);
  DUETIME_MONGOC_FUNCTIONS(DUETIME_MONGOC_RESOLVE)
#undef DUETIME_MONGOC_RESOLVE
  return library;
}

const MongocLibrary& mongoc_library() {
  // A static whose initialiser throws is tried again at the next call: a library installed meanwhile is
  // found.
  static const MongocLibrary library = load_and_initialise();
  return library;
}

}  // namespace duetime
