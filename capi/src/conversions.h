// From the ABI's plain types to the engine's and back. What cannot be right is refused here, with the
// parameter's name, its value and what was expected; all throw kInvalidArgument.
#pragma once

#include <duetime/common.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/uuid.h"
#include "core/time/instant.h"

namespace duetime::capi {

[[noreturn]] void refuse(const std::string& message);

// --- text: UTF-8, NUL-terminated, copied ---

std::string required_text(const char* text, const char* parameter);  // not NULL, not empty
std::string optional_text(const char* text, const char* parameter,
                          std::string_view fallback);  // NULL: fallback

// An alias, or NULL for every store, which the engine writes as "".
std::string optional_store(const char* alias);

// 1 to kMaxIdBytes bytes.
std::string required_job_id(const char* id);
Uuid required_run_id(const char* run_id);

// For what tasks report: bytes that are not UTF-8 become U+FFFD; NULL becomes "".
std::string repaired_text(const char* text);

// A copy for duetime_free(). Throws std::bad_alloc.
char* to_c_text(std::string_view text);

// --- times ---

Instant required_instant(duetime_time time, const char* parameter);
std::optional<Instant> optional_instant(duetime_time time, const char* parameter);  // DUETIME_TIME_NONE: none
duetime_time to_c_time(std::optional<Instant> instant);

// --- the rest ---

bool to_flag(int32_t value, const char* parameter);  // 0 or 1

// Where a result goes.
template <class T>
T& output(T* out, const char* parameter) {
  if (out == nullptr) refuse(std::string(parameter) + " is NULL; expected where to write the result");
  return *out;
}

template <class T>
const T& input(const T* in, const char* parameter) {
  if (in == nullptr) refuse(std::string(parameter) + " is NULL");
  return *in;
}

}  // namespace duetime::capi
