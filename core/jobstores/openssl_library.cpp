#include "core/jobstores/openssl_library.h"

#include <dlfcn.h>

#include <cstdlib>

#include "core/base/error.h"
#include "core/base/fork.h"

namespace duetime {
namespace {

// A process that exits while a lane is in the middle of a call must not find the library torn down.
constexpr uint64_t kInitNoAtExit = 0x00080000;

struct Source {
  void* handle = nullptr;
  std::string name;
};

[[noreturn]] void fail(const std::string& why) { throw Error(ErrorCode::kStoreUnavailable, why); }

std::string last_loader_error() {
  const char* text = dlerror();
  return text ? text : "unknown error";
}

Source open_override(const char* path) {
  if (void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)) return {handle, path};
  fail("the OpenSSL library named by DUETIME_OPENSSL_LIBRARY cannot be loaded: " + last_loader_error());
}

Source find_source() {
  if (void* handle = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL)) return {handle, "libssl.so.3"};
  const std::string error = last_loader_error();
  // Options of OpenSSL 1.1 are of type long.
  if constexpr (sizeof(long) == sizeof(uint64_t)) {
    if (void* handle = dlopen("libssl.so.1.1", RTLD_NOW | RTLD_LOCAL)) return {handle, "libssl.so.1.1"};
  }
  fail("TLS needs the OpenSSL library, which cannot be loaded (" + error +
       "); install it (Debian and Ubuntu: package libssl3; Fedora: openssl-libs) or name its file in "
       "DUETIME_OPENSSL_LIBRARY");
}

// The names of libcrypto are found too: libssl depends on it.
template <typename Function>
void resolve(const Source& source, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(source.handle, name));
  if (!function) fail("the OpenSSL library from " + source.name + " has no function " + name);
}

OpensslLibrary load_and_initialise() {
  OpensslLibrary library = load_openssl_library(std::getenv("DUETIME_OPENSSL_LIBRARY"));
  if (library.OPENSSL_init_ssl(kInitNoAtExit, nullptr) != 1) {
    fail("the OpenSSL library from " + library.source + " cannot be initialised");
  }
  return library;
}

}  // namespace

OpensslLibrary load_openssl_library(const char* override_path) {
  const bool overridden = override_path && *override_path;
  const Source source = overridden ? open_override(override_path) : find_source();
  OpensslLibrary library;
  library.source = source.name;
#define DUETIME_OPENSSL_RESOLVE(name, result, arguments) resolve(source, #name, library.name);
  DUETIME_OPENSSL_FUNCTIONS(DUETIME_OPENSSL_RESOLVE)
#undef DUETIME_OPENSSL_RESOLVE
  return library;
}

const OpensslLibrary& openssl_library() {
  // A static whose initialiser throws is tried again at the next call: a library installed meanwhile is
  // found.
  static const OpensslLibrary library = load_and_initialise();
  return library;
}

std::mutex& openssl_mutex() {
  static auto* const mutex = new std::mutex;
  static const auto* const held_across_fork = new HeldAcrossFork(*mutex);
  static_cast<void>(held_across_fork);
  return *mutex;
}

}  // namespace duetime
