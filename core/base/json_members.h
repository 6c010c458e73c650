// Reads the members of one JSON object with errors that say which member, which value, and what was expected:
// "trigger: interval_us -5: expected an integer of at least 1". Every document and configuration enters the
// engine through it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace duetime {

class JsonMembers {
 public:
  // `what` names the object in errors. Throws kInvalidArgument if it is not an object.
  JsonMembers(const Json& object, std::string what);

  bool has(const char* member) const;

  // Each throws kInvalidArgument if the member has another type or is out of range; without a default, also
  // if it is missing.
  std::string text(const char* member) const;
  std::string text(const char* member, std::string_view absent) const;
  bool boolean(const char* member, bool absent) const;
  int64_t integer(const char* member, int64_t min, int64_t max) const;
  int64_t integer(const char* member, int64_t min, int64_t max, int64_t absent) const;
  std::vector<std::string> texts(const char* member) const;  // empty if missing
  const Json& object(const char* member) const;

  // Throws for the first member that is not in `known`, naming the nearest known one.
  void refuse_unknown(const std::vector<std::string>& known) const;

  [[noreturn]] void fail(const char* member, const std::string& expected) const;

 private:
  const Json* find(const char* member) const;
  const Json& require(const char* member, const char* expected) const;

  const Json& object_;
  std::string what_;
};

}  // namespace duetime
