#include "core/base/json_members.h"

#include <algorithm>
#include <numeric>

#include "core/base/error.h"
#include "core/base/text.h"

namespace duetime {
namespace {

// Levenshtein distance, to suggest what a misspelt member may have meant.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

std::string shown(const Json& value) {
  return value.is_string() ? in_quotes(value.get_ref<const std::string&>()) : to_text(value).substr(0, 80);
}

}  // namespace

JsonMembers::JsonMembers(const Json& object, std::string what) : object_(object), what_(std::move(what)) {
  if (!object.is_object()) {
    throw Error(ErrorCode::kInvalidArgument, what_ + " " + shown(object) + ": expected an object");
  }
}

const Json* JsonMembers::find(const char* member) const {
  const auto found = object_.find(member);
  return found == object_.end() ? nullptr : &*found;
}

const Json& JsonMembers::require(const char* member, const char* expected) const {
  const Json* value = find(member);
  if (value == nullptr) fail(member, expected);
  return *value;
}

bool JsonMembers::has(const char* member) const { return find(member) != nullptr; }

std::string JsonMembers::text(const char* member) const {
  const Json& value = require(member, "text");
  if (!value.is_string()) fail(member, "text");
  return value.get<std::string>();
}

std::string JsonMembers::text(const char* member, std::string_view absent) const {
  return has(member) ? text(member) : std::string(absent);
}

bool JsonMembers::boolean(const char* member, bool absent) const {
  const Json* value = find(member);
  if (value == nullptr) return absent;
  if (!value->is_boolean()) fail(member, "true or false");
  return value->get<bool>();
}

int64_t JsonMembers::integer(const char* member, int64_t min, int64_t max) const {
  const std::string expected = "an integer of " + std::to_string(min) + " to " + std::to_string(max);
  const Json& value = require(member, expected.c_str());
  if (!value.is_number_integer()) fail(member, expected);
  if (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
    fail(member, expected);
  const int64_t number = value.get<int64_t>();
  if (number < min || number > max) fail(member, expected);
  return number;
}

int64_t JsonMembers::integer(const char* member, int64_t min, int64_t max, int64_t absent) const {
  return has(member) ? integer(member, min, max) : absent;
}

std::vector<std::string> JsonMembers::texts(const char* member) const {
  std::vector<std::string> result;
  const Json* array = find(member);
  if (array == nullptr) return result;
  if (!array->is_array()) fail(member, "an array of texts");
  for (const Json& item : *array) {
    if (!item.is_string()) fail(member, "an array of texts");
    result.push_back(item.get<std::string>());
  }
  return result;
}

const Json& JsonMembers::object(const char* member) const {
  const Json& value = require(member, "an object");
  if (!value.is_object()) fail(member, "an object");
  return value;
}

void JsonMembers::refuse_unknown(const std::vector<std::string>& known) const {
  for (const auto& [member, value] : object_.items()) {
    if (std::ranges::find(known, member) != known.end()) continue;
    std::string message = what_ + ": unknown member " + in_quotes(member);
    const auto nearest = std::ranges::min_element(
        known, {}, [&member = member](const std::string& name) { return edit_distance(member, name); });
    if (nearest != known.end()) message += "; did you mean " + in_quotes(*nearest) + "?";
    throw Error(ErrorCode::kInvalidArgument, message);
  }
}

void JsonMembers::fail(const char* member, const std::string& expected) const {
  const Json* value = find(member);
  const std::string found = value == nullptr ? "missing" : shown(*value);
  throw Error(ErrorCode::kInvalidArgument, what_ + ": " + member + " " + found + ": expected " + expected);
}

}  // namespace duetime
