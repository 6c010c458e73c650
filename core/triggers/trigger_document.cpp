#include "core/triggers/trigger_document.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"

namespace duetime {
namespace {

constexpr std::size_t kShownBytes = 100;

std::string shown(const Json& value) {
  std::string text = to_text(value);
  if (text.size() <= kShownBytes) return text;
  return truncate_utf8(text, kShownBytes) + "...";
}

[[noreturn]] void refuse_value(const std::string& why) { throw Error(ErrorCode::kInvalidArgument, why); }

}  // namespace

std::string trigger_type_of(const Json& document) {
  if (!document.is_object()) refuse_value("trigger: got " + shown(document) + ", expected an object");
  const auto type = document.find("type");
  if (type == document.end()) refuse_value("trigger: no member \"type\" in " + shown(document));
  if (!type->is_string()) refuse_value("trigger: type: got " + shown(*type) + ", expected a string");
  return type->get<std::string>();
}

TriggerDocument::TriggerDocument(const Json& document, std::initializer_list<std::string_view> members)
    : document_(document), type_(trigger_type_of(document)) {
  for (const auto& [name, value] : document.items()) {
    if (name != "type" && std::find(members.begin(), members.end(), name) == members.end()) {
      refuse(name, "got " + shown(value) + ", but there is no such member");
    }
  }
}

void TriggerDocument::refuse(const std::string& member, const std::string& why) const {
  refuse_value(type_ + " trigger: " + member + ": " + why);
}

void TriggerDocument::expected(const char* member, const char* what) const {
  refuse(member, "got " + shown(document_.at(member)) + ", expected " + what);
}

const Json* TriggerDocument::find(const char* member) const {
  const auto found = document_.find(member);
  return found == document_.end() ? nullptr : &*found;
}

std::optional<std::string> TriggerDocument::text(const char* member) const {
  const Json* value = find(member);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) expected(member, "a string");
  return value->get<std::string>();
}

std::optional<Instant> TriggerDocument::instant(const char* member) const {
  const auto written = text(member);
  if (!written) return std::nullopt;
  return parse_instant(*written, type_ + " trigger: " + member);
}

std::optional<int64_t> TriggerDocument::whole_number(const char* member, const char* what) const {
  const Json* value = find(member);
  if (value == nullptr) return std::nullopt;
  const bool too_big = value->is_number_unsigned() && value->get<uint64_t>() > uint64_t{INT64_MAX};
  if (!value->is_number_integer() || too_big) expected(member, what);
  return value->get<int64_t>();
}

std::optional<Duration> TriggerDocument::duration(const char* member) const {
  const auto micros = whole_number(member, "an integer count of microseconds");
  return micros ? std::optional(Duration{*micros}) : std::nullopt;
}

std::optional<int64_t> TriggerDocument::integer(const char* member) const {
  return whole_number(member, "an integer");
}

const Json* TriggerDocument::object(const char* member) const {
  const Json* value = find(member);
  if (value != nullptr && !value->is_object()) expected(member, "an object");
  return value;
}

const Json* TriggerDocument::array(const char* member) const {
  const Json* value = find(member);
  if (value != nullptr && !value->is_array()) expected(member, "an array");
  return value;
}

TimeZone TriggerDocument::zone(const char* member) const {
  const auto name = text(member);
  return name ? TimeZone::load(*name) : TimeZone();
}

void check_jitter(Duration jitter) {
  if (jitter >= Duration{0} && jitter <= kLatestInstant - kEarliestInstant) return;
  refuse_value("jitter: got " + std::to_string(jitter.count()) +
               " us, expected no negative duration and at most 9999 years");
}

void check_instant(const char* member, const std::optional<Instant>& instant) {
  if (instant && !is_valid(*instant)) {
    refuse_value(std::string(member) + ": got " + std::to_string(to_micros(*instant)) +
                 " us since 1970, expected an instant of the years 1 to 9999");
  }
}

void put(Json& document, const char* member, const std::optional<Instant>& instant) {
  if (instant) document[member] = to_string(*instant);
}

void put_jitter(Json& document, Duration jitter) {
  if (jitter != Duration{0}) document["jitter_us"] = jitter.count();
}

}  // namespace duetime
