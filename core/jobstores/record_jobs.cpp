#include "core/jobstores/record_jobs.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/jobstores/record_draft.h"

namespace duetime {
namespace {

constexpr int kMostTries = 100;
constexpr const char* kImportDone = "done";
constexpr const char* kImportedUpTo = "up to ";  // followed by the last id

[[noreturn]] void refuse_conflict(const std::string& id) {
  throw Error(ErrorCode::kConflict, "job id " + in_quotes(id) + " is taken");
}

[[noreturn]] void give_up() {
  throw Error(ErrorCode::kStoreUnavailable, "the jobs are changed by others all the time");
}

// Rows of the jobs, which are numbered later.
std::vector<Json> rows_of(std::span<const NewJob> jobs) {
  std::vector<Json> rows;
  for (const NewJob& job : jobs) rows.push_back(job_row(*job.job, job.position));
  return rows;
}

Json numbered(Json row, int64_t number) {
  row["version"] = row["revision"] = row["fence"] = number;
  return row;
}

std::string key_of(const Json& row) { return row.at("key").get<std::string>(); }

std::vector<std::string> keys_of(std::span<const Json> rows) {
  std::vector<std::string> keys;
  for (const Json& row : rows) keys.push_back(key_of(row));
  return keys;
}

bool takes_id(const RecordedJob& job) {
  return job.exists() && job.record.position.status != JobStatus::kFinishing;
}

// The last row of each id.
std::vector<Json> without_repeated(const std::vector<Json>& rows) {
  std::vector<Json> last;
  std::unordered_set<std::string> seen;
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    if (seen.insert(key_of(*row)).second) last.push_back(*row);
  }
  std::ranges::reverse(last);
  return last;
}

bool try_add(RecordSession& session, std::span<const Json> rows, OnConflict on_conflict) {
  const RecordedJobs there = session.find_jobs(keys_of(rows));
  int64_t number = session.draw(rows.size());
  Json operations = Json::array();
  for (const Json& row : rows) {
    const RecordedJob& job = there.at(key_of(row));
    if (on_conflict == OnConflict::kFail && takes_id(job)) refuse_conflict(job.id);
    operations.push_back(put_operation("job", job.exists() ? job.version() : 0, numbered(row, number++)));
  }
  return session.write(operations);
}

void add_rows(RecordSession& session, std::span<const Json> rows, OnConflict on_conflict) {
  for (int tries = 0; tries < kMostTries; ++tries) {
    if (try_add(session, rows, on_conflict)) return;
  }
  give_up();
}

void refuse_repeated(const std::vector<Json>& rows) {
  std::unordered_set<std::string> seen;
  for (const Json& row : rows) {
    if (!seen.insert(key_of(row)).second) refuse_conflict(key_of(row));
  }
}

std::string import_note(std::string_view source) { return "import:" + std::string(source); }

std::string text_of(const std::optional<Json>& note) {
  return note ? note->value("text", std::string()) : std::string();
}

// Goes on where the note says that somebody has come to, with as many jobs as a write takes. Jobs are taken
// by id, so that nodes that read them in different orders agree on what is behind.
class Import {
 public:
  Import(RecordSession& session, std::string_view source, std::span<const NewJob> jobs)
      : session_(session), key_(import_note(source)), rows_(rows_of(jobs)) {
    std::ranges::stable_sort(rows_, {}, key_of);
    const auto repeated = std::ranges::unique(rows_, {}, key_of);
    rows_.erase(repeated.begin(), repeated.end());
  }

  bool run() {
    for (int tries = 0; tries < kMostTries;) {
      const std::optional<Json> note = session_.note(key_);
      if (text_of(note) == kImportDone) return false;
      const std::span<const Json> rest = behind(text_of(note));
      if (!write(rest, note)) {
        ++tries;
      } else if (rest.size() <= part_size()) {
        return true;
      }
    }
    give_up();
  }

 private:
  std::size_t part_size() const {
    const std::size_t most = session_.max_operations();
    return most == SIZE_MAX ? most : most - 1;
  }

  std::span<const Json> behind(const std::string& note) const {
    if (!note.starts_with(kImportedUpTo)) return rows_;
    const std::string last = note.substr(std::string_view(kImportedUpTo).size());
    const auto first = std::ranges::upper_bound(rows_, last, {}, key_of);
    return std::span(rows_).subspan(static_cast<std::size_t>(first - rows_.begin()));
  }

  bool write(std::span<const Json> rest, const std::optional<Json>& note) {
    const std::span<const Json> part = rest.first(std::min(rest.size(), part_size()));
    RecordDraft draft;
    const std::string text = part.size() == rest.size() ? kImportDone : kImportedUpTo + key_of(part.back());
    draft.put_note(key_, note ? note->at("version").get<int64_t>() : 0, text, std::nullopt);
    Json operations = draft.take_operations();
    if (!part.empty()) add_free(part, operations);
    return session_.write(operations);
  }

  void add_free(std::span<const Json> part, Json& operations) {
    const RecordedJobs there = session_.find_jobs(keys_of(part));
    int64_t number = session_.draw(part.size());
    for (const Json& row : part) {
      const RecordedJob& job = there.at(key_of(row));
      if (takes_id(job)) continue;
      operations.push_back(put_operation("job", job.exists() ? job.version() : 0, numbered(row, number++)));
    }
  }

  RecordSession& session_;
  const std::string key_;
  std::vector<Json> rows_;
};

}  // namespace

void add_jobs(RecordSession& session, std::span<const NewJob> jobs, OnConflict on_conflict) {
  std::vector<Json> rows = rows_of(jobs);
  if (on_conflict == OnConflict::kFail) {
    refuse_repeated(rows);
  } else {
    rows = without_repeated(rows);
  }
  std::span<const Json> rest = rows;
  while (!rest.empty()) {
    const std::size_t count = std::min(rest.size(), session.max_operations());
    add_rows(session, rest.first(count), on_conflict);
    rest = rest.subspan(count);
  }
}

bool import_jobs(RecordSession& session, std::string_view source, std::span<const NewJob> jobs) {
  return Import(session, source, jobs).run();
}

bool is_imported(RecordSession& session, std::string_view source) {
  return text_of(session.note(import_note(source))) == kImportDone;
}

std::optional<JobRecord> update_job(RecordSession& session, const JobRecord& record) {
  const RecordedJobs found = session.find_jobs({record.id});
  const RecordedJob& job = found.at(record.id);
  if (!job.exists()) throw Error(ErrorCode::kNotFound, "no job with id " + in_quotes(record.id));
  if (job.version() != record.position.version) return std::nullopt;
  JobRecord updated = record;
  updated.position.version = updated.position.revision = session.draw(1);
  updated.position.fence = job.record.position.fence;
  const Json row = job_row(*record.job, updated.position);
  const bool written = session.write(Json::array({put_operation("job", job.version(), row)}));
  return written ? std::optional(std::move(updated)) : std::nullopt;
}

bool remove_job(RecordSession& session, const std::string& id) {
  for (int tries = 0; tries < kMostTries; ++tries) {
    const RecordedJobs found = session.find_jobs({id});
    const RecordedJob& job = found.at(id);
    if (!job.exists()) return false;
    if (session.write(Json::array({remove_operation("job", id, job.version())}))) return true;
  }
  give_up();
}

std::size_t remove_all_jobs(RecordSession& session) {
  std::size_t removed = 0;
  for (int tries = 0; tries < kMostTries;) {
    const std::vector<RecordedJob> page = session.list_jobs(std::nullopt, session.max_operations());
    if (page.empty()) return removed;
    Json operations = Json::array();
    for (const RecordedJob& job : page) operations.push_back(remove_operation("job", job.id, job.version()));
    if (session.write(operations)) {
      removed += page.size();
    } else {
      ++tries;
    }
  }
  give_up();
}

std::vector<JobRecord> list_jobs(RecordSession& session, const JobFilter& filter) {
  std::vector<JobRecord> listed;
  std::optional<std::string> after = filter.after_id;
  std::vector<RecordedJob> page;
  do {
    if (listed.size() >= filter.limit) return listed;
    page = session.list_jobs(after, RecordSession::kPage);
    for (RecordedJob& job : page) {
      after = job.id;
      if (filter.matches(job.record) && listed.size() < filter.limit) listed.push_back(std::move(job.record));
    }
  } while (page.size() == RecordSession::kPage);
  return listed;
}

}  // namespace duetime
