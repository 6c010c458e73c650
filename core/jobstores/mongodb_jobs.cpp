#include "core/jobstores/mongodb_jobs.h"

#include <algorithm>
#include <climits>
#include <unordered_set>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/jobstores/mongodb_runs.h"

namespace duetime {
namespace {

constexpr std::size_t kIdsAtOnce = 10'000;
constexpr std::size_t kLargestBatch = 1'000;
constexpr int kMostAttempts = 10;  // more is no race with other nodes, but somebody's own unique index

[[noreturn]] void refuse_conflict(const std::string& id) {
  throw Error(ErrorCode::kConflict, "job id " + in_quotes(id) + " is taken");
}

MongoChange change_to(const NewJob& job, int64_t number) {
  MongoChange change;
  change.definition(*job.job).position(job.position).revision(number);
  change.unset.add("import", "");
  return change;
}

Bson new_document(const NewJob& job, int64_t number) {
  return change_to(job, number).new_document(job.job->id, number);
}

MongoChange removal() {
  MongoChange change;
  change.status(kRemovedWord).nothing_due();
  return change;
}

void refuse_ids_that_come_twice(std::span<const NewJob> jobs) {
  std::unordered_set<std::string_view> seen;
  for (const NewJob& job : jobs) {
    if (!seen.insert(job.job->id).second) refuse_conflict(job.job->id);
  }
}

// Before anything is written, so that a call that fails has mostly written nothing.
void refuse_taken_ids(MongoSession& session, std::span<const NewJob> jobs) {
  std::unordered_set<std::string> taken;
  for (std::size_t from = 0; from < jobs.size(); from += kIdsAtOnce) {
    std::vector<BsonValue> ids;
    for (const NewJob& job : jobs.subspan(from, std::min(kIdsAtOnce, jobs.size() - from))) {
      ids.emplace_back(job.job->id);
    }
    session.connection.find(session.names.jobs, Bson{{"_id", Bson{{"$in", ids}}}, {"status", taken_status()}},
                            Bson{{"projection", Bson{{"_id", 1}}}}, [&](BsonView document) {
                              taken.emplace(document.text("_id").value_or(""));
                              return true;
                            });
  }
  for (const NewJob& job : jobs) {
    if (taken.contains(job.job->id)) refuse_conflict(job.job->id);
  }
}

// Puts the job in the place of one that does not take its id. False if it does, or is not there any more.
bool overwrite_free(MongoSession& session, const NewJob& job, int64_t number) {
  const Bson filter{{"_id", job.job->id}, {"status", free_status()}};
  const Bson update = change_to(job, number).update();
  return session.connection.update(session.names.jobs, {update_statement(filter, update)}).matched == 1;
}

bool insert_one(MongoSession& session, const NewJob& job, int64_t number) {
  return session.connection.insert(session.names.jobs, {new_document(job, number)}).taken.empty();
}

bool is_taken(MongoSession& session, const std::string& id) {
  const Bson filter{{"_id", id}, {"status", taken_status()}};
  return find_job(session, filter).has_value();
}

// After an insertion that met a document of this id. False if the id is taken.
bool add_over(MongoSession& session, const NewJob& job, int64_t number) {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    if (overwrite_free(session, job, number)) return true;
    if (is_taken(session, job.job->id)) return false;
    if (insert_one(session, job, number)) return true;  // it had gone in between
  }
  return false;
}

// Takes back what a call that failed had added.
void withdraw(MongoSession& session, std::span<const NewJob> jobs, int64_t first_number) {
  std::vector<Bson> statements;
  std::vector<BsonValue> ids;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const int64_t number = first_number + static_cast<int64_t>(i);
    statements.push_back(
        update_statement(Bson{{"_id", jobs[i].job->id}, {"revision", number}}, removal().update()));
    ids.emplace_back(jobs[i].job->id);
  }
  session.connection.update(session.names.jobs, statements);
  bury_spent_jobs(session, Bson{{"_id", Bson{{"$in", ids}}}});
}

void add_new(MongoSession& session, std::span<const NewJob> jobs) {
  refuse_ids_that_come_twice(jobs);
  if (jobs.size() > 1) refuse_taken_ids(session, jobs);
  const int64_t number = session.draw(jobs.size());
  std::vector<Bson> documents;
  documents.reserve(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    documents.push_back(new_document(jobs[i], number + static_cast<int64_t>(i)));
  }
  for (const std::size_t i : session.connection.insert(session.names.jobs, documents).taken) {
    if (add_over(session, jobs[i], number + static_cast<int64_t>(i))) continue;
    withdraw(session, jobs, number);
    refuse_conflict(jobs[i].job->id);
  }
}

Bson replacement(const NewJob& job, int64_t number) {
  const std::vector<Bson> none;
  Bson update = change_to(job, number).update();
  update.add("$setOnInsert", Bson{{"fence", number}, {"runs", none}, {"ended", none}});
  return update_statement(Bson{{"_id", job.job->id}}, update).add("upsert", true);
}

// Two nodes that make a document of one id at the same time: one of them is told that it is taken, and asks
// again.
void add_or_replace(MongoSession& session, std::span<const NewJob> jobs) {
  int64_t number = session.draw(jobs.size());
  std::vector<Bson> statements;
  statements.reserve(jobs.size());
  for (const NewJob& job : jobs) statements.push_back(replacement(job, number++));
  for (int attempt = 0; !statements.empty(); ++attempt) {
    if (attempt == kMostAttempts) throw Error(ErrorCode::kConflict, "MongoDB: an index refuses the jobs");
    std::vector<Bson> again;
    for (const std::size_t i : session.connection.update(session.names.jobs, statements).taken) {
      again.push_back(statements[i]);
    }
    statements = std::move(again);
  }
}

// {$nin: names}; without any, everything.
Bson none_of(const std::unordered_set<std::string>& names) {
  return Bson{{"$nin", std::vector<BsonValue>(names.begin(), names.end())}};
}

Bson due_filter(Instant until, const Exclusions& exclusions) {
  Bson filter{{"next_run_time", Bson{{"$lte", until}}}, {"status", stored_word(JobStatus::kScheduled)}};
  if (!exclusions.tasks.empty()) filter.add("task", none_of(exclusions.tasks));
  if (!exclusions.executors.empty()) filter.add("executor", none_of(exclusions.executors));
  return filter;
}

Bson earliest_first() { return Bson{{"next_run_time", 1}, {"_id", 1}}; }

bool is_excluded(const Exclusions& exclusions, const std::string& id, int64_t revision) {
  const auto found = exclusions.jobs.find(id);
  return found != exclusions.jobs.end() && found->second == revision;
}

Bson list_filter(const JobFilter& filter) {
  Bson conditions = visible_jobs();
  if (filter.after_id) conditions.add("_id", Bson{{"$gt", *filter.after_id}});
  if (filter.tag) conditions.add("tags", *filter.tag);
  if (filter.task) conditions.add("task", *filter.task);
  if (filter.executor) conditions.add("executor", *filter.executor);
  return conditions;
}

// A document may have changed between being found and being sent.
bool is_still_due(const MongoJob& job, Instant until) {
  if (!job.record.job) return true;
  const JobPosition& position = job.record.position;
  return position.status == JobStatus::kScheduled && *position.next_run_time <= until;
}

int64_t batch_of(std::size_t limit) { return static_cast<int64_t>(std::min(limit, kLargestBatch) + 1); }

// Those of which nothing is left but the definition. Answers how many.
int64_t erase_idle(MongoSession& session, Bson filter, bool many) {
  const Bson none{{"$exists", false}};
  filter.add("runs.0", none).add("ended.0", none);
  const Bson statement{{"q", filter}, {"limit", many ? 0 : 1}};
  return session.connection.erase(session.names.jobs, {statement}).matched;
}

// Marks the job as gone while its runs go on. Answers how many were marked.
int64_t mark_removed(MongoSession& session, const Bson& filter, bool many) {
  const int64_t number = session.draw();
  const Bson update = removal().revision(number).update();
  const Bson statement = update_statement(filter, update).add("multi", many);
  return session.connection.update(session.names.jobs, {statement}).matched;
}

}  // namespace

const Exclusions& exclusions_of(const ClaimRequest& request) {
  static const Exclusions none;
  return request.exclusions ? *request.exclusions : none;
}

void add_jobs(MongoSession& session, std::span<const NewJob> jobs, OnConflict on_conflict) {
  if (jobs.empty()) return;
  if (on_conflict == OnConflict::kFail) return add_new(session, jobs);
  add_or_replace(session, jobs);
}

std::optional<JobRecord> update_job(MongoSession& session, const JobRecord& record) {
  const Bson of_version = visible_jobs().add("_id", record.id).add("version", record.position.version);
  const Bson update = change_to({record.job, record.position}, session.draw()).update();
  const std::string answer = session.connection.write(
      Bson{{"findAndModify", session.names.jobs}, {"query", of_version}, {"update", update}, {"new", true}});
  if (const std::optional<BsonView> document = BsonView(answer).document("value")) {
    if (std::optional<MongoJob> job = read_job(session, *document)) return std::move(job->record);
  }
  if (get_job(session, record.id)) return std::nullopt;
  throw Error(ErrorCode::kNotFound, "no job with id " + in_quotes(record.id));
}

bool remove_job(MongoSession& session, std::string_view id) {
  const Bson filter = visible_jobs().add("_id", id);
  if (erase_idle(session, filter, false) == 1) {
    session.draw();  // tells the other nodes
    return true;
  }
  if (mark_removed(session, filter, false) == 0) return false;
  bury_spent_jobs(session, Bson{{"_id", id}});
  return true;
}

std::size_t remove_all_jobs(MongoSession& session) {
  const int64_t erased = erase_idle(session, visible_jobs(), true);
  const int64_t marked = mark_removed(session, visible_jobs(), true);
  if (marked > 0) bury_spent_jobs(session, Bson{});
  return static_cast<std::size_t>(erased + marked);
}

std::optional<JobRecord> get_job(MongoSession& session, std::string_view id) {
  std::optional<MongoJob> job = find_job(session, visible_jobs().add("_id", id));
  return job ? std::optional(std::move(job->record)) : std::nullopt;
}

std::vector<JobRecord> list_jobs(MongoSession& session, const JobFilter& filter) {
  std::vector<JobRecord> records;
  if (filter.limit == 0) return records;
  session.connection.find(session.names.jobs, list_filter(filter),
                          Bson{{"sort", Bson{{"_id", 1}}}, {"batchSize", batch_of(filter.limit)}},
                          [&](BsonView document) {
                            std::optional<MongoJob> job = read_job(session, document);
                            if (job && filter.matches(job->record)) records.push_back(std::move(job->record));
                            return records.size() < filter.limit;
                          });
  return records;
}

std::size_t count_jobs(MongoSession& session) {
  const std::string answer =
      session.connection.read(Bson{{"count", session.names.jobs}, {"query", visible_jobs()}});
  return static_cast<std::size_t>(BsonView(answer).integer("n").value_or(0));
}

std::optional<Instant> next_due_job(MongoSession& session, const Exclusions& exclusions) {
  std::optional<Instant> due;
  const Bson options{{"sort", earliest_first()},
                     {"batchSize", exclusions.jobs.empty() ? int64_t{1} : int64_t{100}},
                     {"projection", Bson{{"next_run_time", 1}, {"revision", 1}}}};
  session.connection.find(
      session.names.jobs, due_filter(kLatestInstant, exclusions), options, [&](BsonView document) {
        const std::string id(document.text("_id").value_or(""));
        if (is_excluded(exclusions, id, document.integer("revision").value_or(0))) return true;
        const std::optional<int64_t> micros = document.integer("next_run_time");
        // What is no instant is due at once, so that it is found to be unreadable.
        due = micros && is_valid(from_micros(*micros)) ? from_micros(*micros) : kEarliestInstant;
        return false;
      });
  return due;
}

std::optional<MongoJob> find_job(MongoSession& session, const Bson& filter) {
  std::optional<MongoJob> job;
  session.connection.find(session.names.jobs, filter, Bson{{"limit", 1}}, [&](BsonView document) {
    job = read_job(session, document);
    return false;
  });
  return job;
}

MongoJobsById find_jobs(MongoSession& session, std::vector<std::string> ids) {
  MongoJobsById jobs;
  session.connection.find(session.names.jobs, Bson{{"_id", any_of(std::move(ids))}}, Bson{},
                          [&](BsonView document) {
                            if (std::optional<MongoJob> job = read_job(session, document)) {
                              std::string id = job->record.id;
                              jobs.emplace(std::move(id), *std::move(job));
                            }
                            return true;
                          });
  return jobs;
}

MongoDueJobs find_due(MongoSession& session, Instant until, std::size_t limit, const Exclusions& exclusions) {
  MongoDueJobs due;
  if (limit == 0) return due;
  session.connection.find(
      session.names.jobs, due_filter(until, exclusions),
      Bson{{"sort", earliest_first()}, {"batchSize", batch_of(limit)}}, [&](BsonView document) {
        std::optional<MongoJob> job = read_job(session, document);
        if (!job || is_excluded(exclusions, job->record.id, job->record.position.revision)) return true;
        if (!is_still_due(*job, until)) return true;
        if (job->record.job) {
          due.readable.push_back(*std::move(job));
        } else {
          due.unreadable.push_back(std::move(job->record));
        }
        return due.readable.size() < limit;
      });
  return due;
}

}  // namespace duetime
