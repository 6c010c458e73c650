#include <duetime/common.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

#include "capi/src/guard.h"
#include "core/base/error.h"

namespace duetime::capi {
namespace {

constexpr std::size_t kMaxMessageBytes = 4096;

// A plain array: usable at any moment of a thread's life, also when there is no memory.
constinit thread_local char last_error[kMaxMessageBytes] = "";

constexpr bool same(ErrorCode code, duetime_status status) {
  return static_cast<duetime_status>(code) == status;
}

static_assert(same(ErrorCode::kInvalidArgument, DUETIME_ERROR_INVALID_ARGUMENT));
static_assert(same(ErrorCode::kNotFound, DUETIME_ERROR_NOT_FOUND));
static_assert(same(ErrorCode::kConflict, DUETIME_ERROR_CONFLICT));
static_assert(same(ErrorCode::kAlreadyRunning, DUETIME_ERROR_ALREADY_RUNNING));
static_assert(same(ErrorCode::kNotRunning, DUETIME_ERROR_NOT_RUNNING));
static_assert(same(ErrorCode::kStoreUnavailable, DUETIME_ERROR_STORE_UNAVAILABLE));
static_assert(same(ErrorCode::kStoreFull, DUETIME_ERROR_STORE_FULL));
static_assert(same(ErrorCode::kStoreCorrupt, DUETIME_ERROR_STORE_CORRUPT));
static_assert(same(ErrorCode::kNewerVersion, DUETIME_ERROR_NEWER_VERSION));
static_assert(same(ErrorCode::kTimeout, DUETIME_ERROR_TIMEOUT));
static_assert(same(ErrorCode::kForked, DUETIME_ERROR_FORKED));
static_assert(same(ErrorCode::kStaleHandle, DUETIME_ERROR_STALE_HANDLE));
static_assert(same(ErrorCode::kCallback, DUETIME_ERROR_CALLBACK));
static_assert(same(ErrorCode::kUnsupported, DUETIME_ERROR_UNSUPPORTED));
static_assert(same(ErrorCode::kNoMemory, DUETIME_ERROR_NO_MEMORY));
static_assert(same(ErrorCode::kInternal, DUETIME_ERROR_INTERNAL));
static_assert(same(ErrorCode::kMaxInstances, DUETIME_ERROR_MAX_INSTANCES));

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

std::size_t length_that_fits(std::string_view message) {
  if (message.size() < kMaxMessageBytes) return message.size();
  std::size_t length = kMaxMessageBytes - 1;
  while (length > 0 && is_continuation(message[length])) --length;
  return length;
}

duetime_status fail(duetime_status status, std::string_view message) noexcept {
  set_last_error(message);
  return status;
}

}  // namespace

void set_last_error(std::string_view message) noexcept {
  const std::size_t length = length_that_fits(message);
  std::copy_n(message.data(), length, last_error);
  last_error[length] = '\0';
}

duetime_status translate_exception() noexcept {
  try {
    throw;
  } catch (const Error& error) {
    return fail(static_cast<duetime_status>(error.code()), error.what());
  } catch (const std::bad_alloc&) {
    return fail(DUETIME_ERROR_NO_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    return fail(DUETIME_ERROR_INTERNAL, error.what());
  } catch (...) {
    return fail(DUETIME_ERROR_INTERNAL, "an exception of unknown type");
  }
}

}  // namespace duetime::capi

#define DUETIME_TEXT_OF(value) #value
#define DUETIME_TEXT(value) DUETIME_TEXT_OF(value)

const char* duetime_last_error_message(void) { return duetime::capi::last_error; }

#define DUETIME_NAME(status) \
  case status:               \
    return #status

const char* duetime_status_name(duetime_status status) {
  switch (status) {
    DUETIME_NAME(DUETIME_OK);
    DUETIME_NAME(DUETIME_ERROR_INVALID_ARGUMENT);
    DUETIME_NAME(DUETIME_ERROR_NOT_FOUND);
    DUETIME_NAME(DUETIME_ERROR_CONFLICT);
    DUETIME_NAME(DUETIME_ERROR_ALREADY_RUNNING);
    DUETIME_NAME(DUETIME_ERROR_NOT_RUNNING);
    DUETIME_NAME(DUETIME_ERROR_STORE_UNAVAILABLE);
    DUETIME_NAME(DUETIME_ERROR_STORE_FULL);
    DUETIME_NAME(DUETIME_ERROR_STORE_CORRUPT);
    DUETIME_NAME(DUETIME_ERROR_NEWER_VERSION);
    DUETIME_NAME(DUETIME_ERROR_TIMEOUT);
    DUETIME_NAME(DUETIME_ERROR_FORKED);
    DUETIME_NAME(DUETIME_ERROR_STALE_HANDLE);
    DUETIME_NAME(DUETIME_ERROR_CALLBACK);
    DUETIME_NAME(DUETIME_ERROR_UNSUPPORTED);
    DUETIME_NAME(DUETIME_ERROR_NO_MEMORY);
    DUETIME_NAME(DUETIME_ERROR_INTERNAL);
    DUETIME_NAME(DUETIME_ERROR_MAX_INSTANCES);
    default:
      return "unknown status";
  }
}

int32_t duetime_version(void) {
  return DUETIME_VERSION_MAJOR * 1000000 + DUETIME_VERSION_MINOR * 1000 + DUETIME_VERSION_PATCH;
}

const char* duetime_version_string(void) {
  return DUETIME_TEXT(DUETIME_VERSION_MAJOR) "." DUETIME_TEXT(DUETIME_VERSION_MINOR) "." DUETIME_TEXT(
      DUETIME_VERSION_PATCH);
}

void duetime_free(void* memory) { std::free(memory); }
