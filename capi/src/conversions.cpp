#include "capi/src/conversions.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "core/base/text.h"
#include "core/jobs/job.h"
#include "core/triggers/fire_or_none.h"

namespace duetime::capi {
namespace {

std::string checked_text(const char* text, const char* parameter) {
  std::string checked = text;
  if (is_utf8(checked)) return checked;
  refuse(std::string(parameter) + " " + in_quotes(checked) + " is not UTF-8");
}

}  // namespace

void refuse(const std::string& message) { throw Error(ErrorCode::kInvalidArgument, message); }

std::string required_text(const char* text, const char* parameter) {
  if (text == nullptr) refuse(std::string(parameter) + " is NULL; expected a text");
  if (*text == '\0') refuse(std::string(parameter) + " is empty; expected at least one character");
  return checked_text(text, parameter);
}

std::string optional_text(const char* text, const char* parameter, std::string_view fallback) {
  return text == nullptr ? std::string(fallback) : checked_text(text, parameter);
}

std::string optional_store(const char* alias) {
  if (alias == nullptr) return {};
  if (*alias == '\0') refuse("store is empty; expected an alias, or NULL for every store");
  return checked_text(alias, "store");
}

Uuid required_run_id(const char* run_id) {
  const std::string text = required_text(run_id, "run_id");
  if (const std::optional<Uuid> parsed = parse_uuid(text)) return *parsed;
  refuse("run_id is " + in_quotes(text) + "; expected 32 hexadecimal digits");
}

std::string required_job_id(const char* id) {
  std::string checked = required_text(id, "id");
  if (checked.size() <= kMaxIdBytes) return checked;
  refuse("id has " + std::to_string(checked.size()) + " bytes; expected at most " +
         std::to_string(kMaxIdBytes));
}

std::string repaired_text(const char* text) { return repair_utf8(text == nullptr ? "" : text); }

char* to_c_text(std::string_view text) {
  auto* const copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  if (!text.empty()) std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

Instant required_instant(duetime_time time, const char* parameter) {
  const Instant instant = from_micros(time);
  if (is_valid(instant)) return instant;
  refuse(std::string(parameter) + " is " + std::to_string(time) +
         "; expected microseconds since 1970 in the years 1 to 9999");
}

std::optional<Instant> optional_instant(duetime_time time, const char* parameter) {
  const bool is_given = time != DUETIME_TIME_NONE;
  return fire_or_none(is_given ? required_instant(time, parameter) : Instant{}, is_given);
}

duetime_time to_c_time(std::optional<Instant> instant) {
  return instant ? to_micros(*instant) : DUETIME_TIME_NONE;
}

bool to_flag(int32_t value, const char* parameter) {
  if (value == 0 || value == 1) return value == 1;
  refuse(std::string(parameter) + " is " + std::to_string(value) + "; expected 0 or 1");
}

}  // namespace duetime::capi
