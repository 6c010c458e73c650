#include "core/jobs/job.h"

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "core/base/text.h"

namespace duetime {
namespace {

constexpr std::size_t kMaxTextBytes = 4096;
constexpr std::size_t kMaxEncodingBytes = 32;

[[noreturn]] void fail(const std::string& what) { throw Error(ErrorCode::kInvalidArgument, what); }

void check_text(const char* member, const std::string& text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    fail(std::string(member) + ": " + std::to_string(text.size()) + " bytes, expected at most " +
         std::to_string(max_bytes));
  }
  if (!is_utf8(text)) fail(std::string(member) + " " + in_quotes(text) + ": not UTF-8");
  if (text.find('\0') != std::string::npos)
    fail(std::string(member) + " " + in_quotes(text) + ": contains NUL");
}

void check_name(const char* member, const std::string& text, std::size_t max_bytes) {
  if (text.empty()) fail(std::string(member) + ": empty, expected a name");
  check_text(member, text, max_bytes);
}

bool is_encoding_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

void check_payload(const Payload& payload) {
  if (payload.live) return;
  const std::string& encoding = payload.encoding;
  if (encoding.empty() || encoding.size() > kMaxEncodingBytes ||
      !std::ranges::all_of(encoding, is_encoding_character)) {
    fail("payload encoding " + in_quotes(encoding) + ": expected 1 to 32 characters [a-z0-9_.-]");
  }
  if (payload.data.size() > kMaxPayloadBytes) {
    fail("payload: " + std::to_string(payload.data.size()) + " bytes, expected at most " +
         std::to_string(kMaxPayloadBytes));
  }
  if (encoding == "none" && !payload.data.empty()) fail("payload: encoding 'none' has no data");
  if ((encoding == "json" || encoding == "text") && !is_utf8(payload.data)) {
    fail("payload: encoding " + in_quotes(encoding) + " needs UTF-8");
  }
}

void check_limits(const Job& job) {
  if (job.max_instances < 1) {
    fail("max_instances " + std::to_string(job.max_instances) + ": expected at least 1");
  }
  if (job.misfire_grace && *job.misfire_grace < Duration{1}) {
    fail("misfire_grace " + std::to_string(job.misfire_grace->count()) + " us: expected at least 1");
  }
}

void check_tags(const std::vector<std::string>& tags) {
  std::set<std::string_view> seen;
  for (const std::string& tag : tags) {
    check_name("tag", tag, kMaxIdBytes);
    if (!seen.insert(tag).second) fail("tag " + in_quotes(tag) + ": given twice");
  }
}

}  // namespace

void validate(const Job& job) {
  check_name("id", job.id, kMaxIdBytes);
  check_text("name", job.name, kMaxTextBytes);
  check_name("task", job.task, kMaxTextBytes);
  check_name("executor", job.executor, kMaxTextBytes);
  if (!job.trigger) fail("trigger: missing");
  check_payload(job.payload);
  check_limits(job);
  check_tags(job.tags);
}

}  // namespace duetime
