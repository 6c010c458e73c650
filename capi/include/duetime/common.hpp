// What the C++ interface shares: errors and times. All of it stands on the C ABI alone, is header only and
// wants C++17; the rules of the C ABI (capi/CONVENTIONS.md) hold here too.
#ifndef DUETIME_COMMON_HPP
#define DUETIME_COMMON_HPP

#include <duetime/common.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace duetime {
// Programs write duetime::Error. The inner name keeps these classes apart from the engine's own where both
// are linked into one library.
inline namespace v0 {

// A failed call's kind. Newer libraries may answer with values that are not listed here.
enum class ErrorCode : duetime_status {
  kInvalidArgument = DUETIME_ERROR_INVALID_ARGUMENT,
  kNotFound = DUETIME_ERROR_NOT_FOUND,
  kConflict = DUETIME_ERROR_CONFLICT,
  kAlreadyRunning = DUETIME_ERROR_ALREADY_RUNNING,
  kNotRunning = DUETIME_ERROR_NOT_RUNNING,
  kStoreUnavailable = DUETIME_ERROR_STORE_UNAVAILABLE,
  kStoreFull = DUETIME_ERROR_STORE_FULL,
  kStoreCorrupt = DUETIME_ERROR_STORE_CORRUPT,
  kNewerVersion = DUETIME_ERROR_NEWER_VERSION,
  kTimeout = DUETIME_ERROR_TIMEOUT,
  kForked = DUETIME_ERROR_FORKED,
  kStaleHandle = DUETIME_ERROR_STALE_HANDLE,
  kCallback = DUETIME_ERROR_CALLBACK,
  kUnsupported = DUETIME_ERROR_UNSUPPORTED,
  kNoMemory = DUETIME_ERROR_NO_MEMORY,
  kInternal = DUETIME_ERROR_INTERNAL,
  kMaxInstances = DUETIME_ERROR_MAX_INSTANCES
};

// What every function of this interface throws when a call fails. what() names the value and what was
// expected.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string &message) : std::runtime_error(message), code_(code) {}

  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

// Instants have microseconds and lie in the years 1 to 9999; the system clock's own are rounded by the
// caller, as in std::chrono::floor<duetime::Duration>(std::chrono::system_clock::now()).
using Duration = std::chrono::microseconds;
using TimePoint = std::chrono::time_point<std::chrono::system_clock, Duration>;

// Between the C ABI's conventions and these; not for programs.
namespace detail {

inline void check(duetime_status status) {
  if (status != DUETIME_OK) throw Error(static_cast<ErrorCode>(status), duetime_last_error_message());
}

inline duetime_time to_c(TimePoint time) { return time.time_since_epoch().count(); }
inline duetime_time to_c(const std::optional<TimePoint> &time) {
  return time ? to_c(*time) : DUETIME_TIME_NONE;
}

inline duetime_duration to_c(Duration duration) { return duration.count(); }

inline TimePoint to_time_point(duetime_time time) { return TimePoint(Duration(time)); }
inline std::optional<TimePoint> to_optional(duetime_time time) {
  return time == DUETIME_TIME_NONE ? std::nullopt : std::optional<TimePoint>(to_time_point(time));
}

// C would read a text with a NUL inside as its beginning, and answer a question that was not asked.
inline const char *to_c(const std::string &text) {
  if (text.find('\0') != std::string::npos) {
    throw Error(ErrorCode::kInvalidArgument,
                "got a NUL after \"" + std::string(text.c_str()) + "\", expected text without");
  }
  return text.c_str();
}
inline const char *to_c(const std::optional<std::string> &text) { return text ? to_c(*text) : nullptr; }

// Takes over text that is freed with duetime_free().
inline std::string take_text(char *text) {
  const std::unique_ptr<char, void (*)(void *)> owner(text, duetime_free);
  return text;
}

}  // namespace detail
}  // namespace v0
}  // namespace duetime

#endif
