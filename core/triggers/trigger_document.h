// Reads the members of a trigger's document. Whatever is wrong is reported by member and value, and a member
// that the trigger does not have is an error: a typo must not silently change a schedule.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/time/instant.h"
#include "core/time/time_zone.h"

namespace duetime {

// Throws kInvalidArgument if there is no type.
std::string trigger_type_of(const Json& document);

class TriggerDocument {
 public:
  // Throws kInvalidArgument for a document that is not an object or has other members than "type" and these.
  TriggerDocument(const Json& document, std::initializer_list<std::string_view> members);

  // Each throws kInvalidArgument for a value of another type.
  std::optional<std::string> text(const char* member) const;
  std::optional<Instant> instant(const char* member) const;
  std::optional<Duration> duration(const char* member) const;
  std::optional<int64_t> integer(const char* member) const;
  const Json* object(const char* member) const;
  const Json* array(const char* member) const;

  // UTC if absent. Throws kNotFound for an unknown zone.
  TimeZone zone(const char* member) const;

  // Throws kInvalidArgument: "cron trigger: member: why".
  [[noreturn]] void refuse(const std::string& member, const std::string& why) const;

 private:
  const Json* find(const char* member) const;
  std::optional<int64_t> whole_number(const char* member, const char* what) const;
  [[noreturn]] void expected(const char* member, const char* what) const;

  const Json& document_;
  std::string type_;
};

// Shared by the rules that have them. Throw kInvalidArgument.
void check_jitter(Duration jitter);
void check_instant(const char* member, const std::optional<Instant>& instant);

// Write members that have a value.
void put(Json& document, const char* member, const std::optional<Instant>& instant);
void put_jitter(Json& document, Duration jitter);

}  // namespace duetime
