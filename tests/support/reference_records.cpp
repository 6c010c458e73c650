#include "tests/support/reference_records.h"

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace duetime {
namespace {

bool is_among(const Json& keys, const Json& key) { return std::ranges::find(keys, key) != keys.end(); }

bool fits(const Json& wanted, const Json& value) { return wanted.is_null() || wanted == value; }

// Sorts by these members, leaves what is not behind `after`, and of the rest the first `limit`.
Json page_of(const Json& rows, const std::vector<std::string>& members, const Json& after,
             const Json& limit) {
  const auto place = [&](const Json& row) {
    std::vector<Json> values;
    for (const std::string& member : members) values.push_back(row.at(member));
    return values;
  };
  std::vector<Json> sorted(rows.begin(), rows.end());
  std::ranges::sort(sorted, {}, place);
  if (!after.is_null()) {
    const std::vector<Json> last =
        after.is_array() ? std::vector<Json>(after.begin(), after.end()) : std::vector<Json>{after};
    std::erase_if(sorted, [&](const Json& row) { return place(row) <= last; });
  }
  if (sorted.size() > limit.get<std::size_t>()) sorted.resize(limit.get<std::size_t>());
  return sorted;
}

Json reversed(Json rows) {
  std::reverse(rows.begin(), rows.end());
  return rows;
}

bool is_text(const std::string& bytes) {
  try {
    return !Json(bytes).dump().empty();
  } catch (const Json::type_error&) {
    return false;
  }
}

Json member(const Json& question, const char* name) { return question.value(name, Json()); }

}  // namespace

int64_t ReferenceRecords::draw(std::size_t count) {
  const std::lock_guard lock(mutex_);
  const int64_t first = counter_ + 1;
  counter_ += static_cast<int64_t>(count);
  return first;
}

const ReferenceRecords::Rows& ReferenceRecords::rows(const std::string& kind) const {
  static const Rows none;
  const auto found = kinds_.find(kind);
  return found == kinds_.end() ? none : found->second;
}

Json ReferenceRecords::some(const std::string& kind, const std::function<bool(const Json&)>& matches) const {
  Json found = Json::array();
  for (const auto& [key, row] : rows(kind)) {
    if (matches(row)) found.push_back(row);
  }
  return found;
}

Json ReferenceRecords::jobs_and_claims(const Json& question, Json jobs, const Json& keys) const {
  Json answer{{"jobs", std::move(jobs)}};
  if (question.at("with_claims") == 1) {
    answer["claims"] = some("claim", [&](const Json& row) { return is_among(keys, row.at("job_id")); });
  }
  return answer;
}

Json ReferenceRecords::read(const Json& question) const {
  const std::lock_guard lock(mutex_);
  const std::string ask = question.at("ask");
  const auto of_keys = [&](const Json& row) { return is_among(question.at("keys"), row.at("key")); };
  if (ask == "jobs") return jobs_and_claims(question, some("job", of_keys), question.at("keys"));
  if (ask == "runs") return {{"runs", some("run", of_keys)}};
  if (ask == "notes") return {{"notes", some("note", of_keys)}};
  if (ask == "count") return {{"count", rows("job").size()}};
  if (ask == "list") {
    const Json all = some("job", [](const Json&) { return true; });
    return {{"jobs", page_of(all, {"key"}, question.at("after"), question.at("limit"))}};
  }
  if (ask == "due") {
    const Json due = some("job", [&](const Json& row) {
      return row.at("status") == "scheduled" && row.at("next_run_time") <= question.at("until");
    });
    Json page = page_of(due, {"next_run_time", "key"}, question.at("after"), question.at("limit"));
    Json keys = Json::array();
    for (const Json& row : page) keys.push_back(row.at("key"));
    return jobs_and_claims(question, std::move(page), keys);
  }
  if (ask == "claims" && question.contains("limit")) {
    const Json all = some("claim", [](const Json&) { return true; });
    return {{"claims", page_of(all, {"lease_until", "key"}, question.at("after"), question.at("limit"))}};
  }
  if (ask == "claims") {
    return {{"claims", some("claim", [&](const Json& row) {
               return question.contains("job_ids") ? is_among(question.at("job_ids"), row.at("job_id"))
                                                   : row.at("claim_id") == question.at("claim_id");
             })}};
  }
  if (ask == "history") {
    const Json from = member(question, "scheduled_from");
    const Json until = member(question, "scheduled_until");
    const Json found = some("run", [&](const Json& row) {
      const Json& scheduled = row.at("scheduled_time");
      return fits(question.at("job_id"), row.at("job_id")) && fits(question.at("state"), row.at("state")) &&
             (from.is_null() || scheduled >= from) && (until.is_null() || scheduled <= until);
    });
    Json latest = reversed(page_of(found, {"scheduled_time", "key"}, Json(), SIZE_MAX));
    const auto limit = question.at("limit").get<std::size_t>();
    while (latest.size() > limit) latest.erase(latest.size() - 1);
    return {{"runs", latest}};
  }
  if (ask == "old_runs") {
    const Json all = some("run", [](const Json&) { return true; });
    const Json latest = reversed(page_of(all, {"ended_at", "key"}, Json(), SIZE_MAX));
    Json old = Json::array();
    for (std::size_t i = 0; i < latest.size(); ++i) {
      const Json before = question.at("ended_before");
      const bool is_old = !before.is_null() && latest[i].at("ended_at") < before;
      if (i >= question.at("beyond").get<std::size_t>() || is_old) old.push_back(latest[i]);
    }
    return {{"runs", page_of(old, {"ended_at"}, Json(), question.at("limit"))}};
  }
  if (ask == "old_notes") {
    const Json old = some("note", [&](const Json& row) {
      return !row.at("expires_at").is_null() && row.at("expires_at") < question.at("expired_before");
    });
    return {{"notes", page_of(old, {"key"}, Json(), question.at("limit"))}};
  }
  throw std::logic_error("no such question: " + ask);
}

bool ReferenceRecords::holds(const Json& operation) const {
  const Rows& all = rows(operation.at("kind"));
  const auto found = all.find(operation.at("key").get<std::string>());
  const int64_t version = found == all.end() ? 0 : found->second.at("version").get<int64_t>();
  return version == operation.at("if").get<int64_t>();
}

bool ReferenceRecords::write(const Json& operations) {
  const std::lock_guard lock(mutex_);
  for (const Json& operation : operations) {
    if (!holds(operation)) return false;
  }
  for (const Json& operation : operations) {
    Rows& rows = kinds_[operation.at("kind")];
    const std::string key = operation.at("key");
    if (operation.at("op") == "put") rows[key] = operation.at("record");
    if (operation.at("op") == "remove") rows.erase(key);
  }
  return true;
}

void ReferenceRecords::set_document(const std::string& id, const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  kinds_["job"].at(id)["document"] = is_text(bytes) ? Json(bytes) : Json();
  bytes_[id] = bytes;
}

std::string ReferenceRecords::document(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const Json& document = rows("job").at(id).at("document");
  return document.is_null() ? bytes_.at(id) : document.get<std::string>();
}

}  // namespace duetime
