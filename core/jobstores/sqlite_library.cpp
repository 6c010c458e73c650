#include "core/jobstores/sqlite_library.h"

#include <dlfcn.h>

#include <cstdlib>

#include "core/base/error.h"

namespace duetime {
namespace {

constexpr const char* kFileName = "libsqlite3.so.0";

struct Source {
  void* handle = nullptr;  // RTLD_DEFAULT is null on Linux, so `name` says whether there is one
  std::string name;
};

[[noreturn]] void fail(const std::string& why) { throw Error(ErrorCode::kStoreUnavailable, why); }

std::string last_loader_error() {
  const char* text = dlerror();
  return text ? text : "unknown error";
}

Source open_override(const char* path) {
  if (void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)) return {handle, path};
  fail("the SQLite library named by DUETIME_SQLITE_LIBRARY cannot be loaded: " + last_loader_error());
}

Source find_source() {
  if (dlsym(RTLD_DEFAULT, "sqlite3_open_v2")) return {RTLD_DEFAULT, "the running program"};
  if (void* handle = dlopen(kFileName, RTLD_NOW | RTLD_NOLOAD)) {
    return {handle, "libsqlite3.so.0, loaded before"};
  }
  if (void* handle = dlopen(kFileName, RTLD_NOW | RTLD_LOCAL)) return {handle, kFileName};
  fail("the SQLite library cannot be loaded (" + last_loader_error() +
       "); install it (Debian and Ubuntu: package libsqlite3-0; Fedora: sqlite-libs) or name its file in "
       "DUETIME_SQLITE_LIBRARY");
}

template <typename Function>
void resolve(const Source& source, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(source.handle, name));
  if (!function) fail("the SQLite library from " + source.name + " has no function " + name);
}

void require_usable(const SqliteLibrary& library) {
  if (library.libversion_number() < kOldestSqlite) {
    fail("the SQLite library from " + library.source + " is version " + library.libversion() +
         ", expected 3.24.0 or later");
  }
  if (library.threadsafe() == 0) {
    fail("the SQLite library from " + library.source + " was built without support for threads");
  }
}

}  // namespace

SqliteLibrary load_sqlite_library(const char* override_path) {
  const bool overridden = override_path && *override_path;
  const Source source = overridden ? open_override(override_path) : find_source();
  SqliteLibrary library;
  library.source = source.name;
#define DUETIME_SQLITE_RESOLVE(name) resolve(source, "sqlite3_" #name, library.name);
  DUETIME_SQLITE_FUNCTIONS(DUETIME_SQLITE_RESOLVE)
#undef DUETIME_SQLITE_RESOLVE
  require_usable(library);
  return library;
}

const SqliteLibrary& sqlite_library() {
  // A static whose initialiser throws is tried again at the next call: a library installed meanwhile is
  // found.
  static const SqliteLibrary library = load_sqlite_library(std::getenv("DUETIME_SQLITE_LIBRARY"));
  return library;
}

}  // namespace duetime
