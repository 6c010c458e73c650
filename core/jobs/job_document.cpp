#include "core/jobs/job_document.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "core/base/error.h"
#include "core/base/json_members.h"
#include "core/base/text.h"
#include "core/triggers/registry.h"

namespace duetime {
namespace {

constexpr std::array<std::string_view, 13> kKnownMembers = {"version",       "id",       "name",
                                                            "task",          "payload",  "trigger",
                                                            "executor",      "coalesce", "misfire_grace_us",
                                                            "max_instances", "recover",  "tags",
                                                            "requires"};

bool is_text_encoding(const std::string& encoding) { return encoding == "json" || encoding == "text"; }

Json payload_to_document(const Payload& payload) {
  Json document{{"encoding", payload.encoding}};
  if (payload.encoding == "none") return document;
  document["data"] = is_text_encoding(payload.encoding) ? payload.data : encode_base64(payload.data);
  return document;
}

Payload payload_from_document(const Json& document) {
  const JsonMembers members(document, "payload");
  members.refuse_unknown({"encoding", "data"});
  Payload payload;
  payload.encoding = members.text("encoding");
  const std::string data = members.text("data", "");
  payload.data = is_text_encoding(payload.encoding) ? data : decode_base64(data, "payload data");
  return payload;
}

std::optional<Duration> misfire_grace_from(const Json& document, const JsonMembers& members) {
  if (members.has("misfire_grace_us") && document["misfire_grace_us"].is_null()) return std::nullopt;
  return Duration{members.integer("misfire_grace_us", 1, std::numeric_limits<int64_t>::max(), 1'000'000)};
}

void check_version(const JsonMembers& members) {
  const int64_t version = members.integer("version", 1, std::numeric_limits<int64_t>::max());
  if (version > kJobDocumentVersion) {
    throw Error(ErrorCode::kNewerVersion, "job document: version " + std::to_string(version) +
                                              " was written by a newer duetime; this one reads up to " +
                                              std::to_string(kJobDocumentVersion));
  }
}

// Features without which the job must not run. This version has none, so any makes it a newer one's.
void check_requirements(const JsonMembers& members) {
  for (const std::string& feature : members.texts("requires")) {
    throw Error(ErrorCode::kNewerVersion,
                "job document: requires " + in_quotes(feature) + ", which this version does not have");
  }
}

std::shared_ptr<const Json> unknown_members_of(const Json& document) {
  Json unknown = Json::object();
  for (const auto& [name, value] : document.items()) {
    if (std::ranges::find(kKnownMembers, name) == kKnownMembers.end()) unknown[name] = value;
  }
  return unknown.empty() ? nullptr : std::make_shared<const Json>(std::move(unknown));
}

}  // namespace

Json job_to_document(const Job& job) {
  if (job.payload.live) {
    throw Error(
        ErrorCode::kUnsupported,
        "job " + in_quotes(job.id) + ": its arguments are live objects of this process and cannot be stored");
  }
  Json document = job.unknown_members ? *job.unknown_members : Json::object();
  document["version"] = kJobDocumentVersion;
  document["id"] = job.id;
  document["name"] = job.display_name();
  document["task"] = job.task;
  document["payload"] = payload_to_document(job.payload);
  document["trigger"] = job.trigger->document();
  document["executor"] = job.executor;
  document["coalesce"] = job.coalesce;
  document["misfire_grace_us"] = job.misfire_grace ? Json(job.misfire_grace->count()) : Json(nullptr);
  document["max_instances"] = job.max_instances;
  document["recover"] = job.recover;
  document["tags"] = job.tags;
  return document;
}

Job job_from_document(const Json& document) {
  const JsonMembers members(document, "job document");
  check_version(members);
  check_requirements(members);
  Job job;
  job.id = members.text("id");
  job.name = members.text("name", "");
  job.task = members.text("task");
  if (members.has("payload")) job.payload = payload_from_document(document["payload"]);
  job.trigger = make_trigger(members.object("trigger"));
  job.executor = members.text("executor", "default");
  job.coalesce = members.boolean("coalesce", true);
  job.misfire_grace = misfire_grace_from(document, members);
  job.max_instances =
      static_cast<int>(members.integer("max_instances", 1, std::numeric_limits<int32_t>::max(), 1));
  job.recover = members.boolean("recover", false);
  job.tags = members.texts("tags");
  job.unknown_members = unknown_members_of(document);
  validate(job);
  return job;
}

std::string job_to_text(const Job& job) { return to_text(job_to_document(job)); }

JobPtr job_from_text(std::string_view text) {
  return std::make_shared<const Job>(job_from_document(parse_json(text, "job document")));
}

}  // namespace duetime
