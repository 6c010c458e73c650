#include "core/jobstores/postgresql_jobs.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "core/base/text.h"
#include "core/jobs/job_document.h"

namespace duetime {
namespace {

constexpr std::size_t kPage = 1'000;
constexpr std::size_t kJobsPerStatement = 2'000;

// The jobs that a statement unnests, each with a number of its own.
constexpr const char* kNewRows =
    "(SELECT n.*, nextval('{numbers}') AS number FROM unnest($1::text[], $2::text[], $3::bigint[], "
    "$4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[]) AS n(id, status, next_run_time, "
    "fire_time, "
    "task, executor, tags, document) OFFSET 0) n";

constexpr const char* kInsert =
    "INSERT INTO {jobs} AS j (id, status, next_run_time, fire_time, task, executor, tags, document, "
    "revision, "
    "version, fence) SELECT n.id, n.status, n.next_run_time, n.fire_time, n.task, n.executor, "
    "n.tags::text[], "
    "n.document, n.number, n.number, n.number FROM ";

constexpr const char* kOverwrite =
    "next_run_time = EXCLUDED.next_run_time, fire_time = EXCLUDED.fire_time, task = EXCLUDED.task, executor "
    "= "
    "EXCLUDED.executor, tags = EXCLUDED.tags, document = EXCLUDED.document, revision = EXCLUDED.revision, "
    "version = EXCLUDED.version";

// One array per column.
class NewRows {
 public:
  void add(const NewJob& added) {
    const Job& job = *added.job;
    ids_.add(job.id);
    statuses_.add(stored_word(added.position.status));
    next_run_times_.add(added.position.next_run_time);
    fire_times_.add(added.position.fire_time);
    tasks_.add(job.task);
    executors_.add(job.executor);
    tags_.add(pg_array_text(job.tags));
    documents_.add(job_to_text(job));
  }

  PgParameters parameters() const {
    return PgParameters()
        .add(ids_)
        .add(statuses_)
        .add(next_run_times_)
        .add(fire_times_)
        .add(tasks_)
        .add(executors_)
        .add(tags_)
        .add(documents_);
  }

 private:
  PgArray ids_ = PgArray::texts();
  PgArray statuses_ = PgArray::texts();
  PgArray next_run_times_ = PgArray::integers();
  PgArray fire_times_ = PgArray::integers();
  PgArray tasks_ = PgArray::texts();
  PgArray executors_ = PgArray::texts();
  PgArray tags_ = PgArray::texts();
  PgArray documents_ = PgArray::texts();
};

[[noreturn]] void refuse_conflict(const std::string& id) {
  throw Error(ErrorCode::kConflict, "job id " + in_quotes(id) + " is taken");
}

void require_different_ids(std::span<const NewJob> jobs) {
  std::unordered_set<std::string_view> ids;
  for (const NewJob& job : jobs) {
    if (!ids.insert(job.job->id).second) refuse_conflict(job.job->id);
  }
}

// Of jobs with one id, the place of the last or of the first counts; in the order of ids, in which everybody
// takes locks.
std::vector<std::size_t> places_by_id(std::span<const NewJob> jobs, bool last_counts) {
  std::unordered_map<std::string_view, std::size_t> place_of;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto [found, is_new] = place_of.emplace(jobs[i].job->id, i);
    if (!is_new && last_counts) found->second = i;
  }
  std::vector<std::size_t> places;
  for (const auto& [id, place] : place_of) places.push_back(place);
  std::ranges::sort(places, {}, [&](std::size_t place) -> const std::string& { return jobs[place].job->id; });
  return places;
}

void add_rows(PgBatch& batch, const PgStatement& statement, std::span<const NewJob> jobs,
              const std::vector<std::size_t>& places, const auto& finish) {
  for (std::size_t from = 0; from < places.size(); from += kJobsPerStatement) {
    NewRows rows;
    for (std::size_t i = from; i < std::min(places.size(), from + kJobsPerStatement); ++i) {
      rows.add(jobs[places[i]]);
    }
    batch.add(statement, finish(rows.parameters()));
  }
}

std::string import_key(std::string_view source) { return "import:" + std::string(source); }

}  // namespace

PgJobs::PgJobs(PgSession& session)
    : session_(session),
      // The status becomes null, which it must not, and the whole call fails, where the id is taken.
      add_(session.tables.sql(std::string(kInsert) + kNewRows +
                              " ON CONFLICT (id) DO UPDATE SET status = CASE WHEN $9::boolean OR j.status = "
                              "'finishing' THEN EXCLUDED.status END, " +
                              kOverwrite)),
      mark_import_(
          session.tables.sql("INSERT INTO {meta} (key, value) VALUES ($1::text, $2::text) ON CONFLICT "
                             "(key) DO NOTHING RETURNING key")),
      // Only where the mark is this transaction's own.
      import_(
          session.tables.sql(std::string(kInsert) + kNewRows +
                             " WHERE EXISTS (SELECT FROM {meta} m WHERE m.key = $9::text AND m.xmin::text "
                             "= (txid_current() % 4294967296)::text) ON CONFLICT (id) DO UPDATE SET "
                             "status = EXCLUDED.status, " +
                             kOverwrite + " WHERE j.status = 'finishing'")),
      find_import_(session.tables.sql("SELECT FROM {meta} WHERE key = $1::text")),
      taken_(
          session.tables.sql("SELECT id FROM {jobs} WHERE id = ANY ($1::text[]) AND status <> 'finishing'")),
      update_(session.tables.sql(
          "UPDATE {jobs} j SET status = $3::text, next_run_time = $4::bigint, fire_time = $5::bigint, task = "
          "$6::text, executor = $7::text, tags = $8::text::text[], document = $9::text, revision = n.number, "
          "version = n.number FROM (SELECT nextval('{numbers}') AS number) n WHERE j.id = $1::text AND "
          "j.version = $2::bigint RETURNING n.number, j.fence")),
      exists_(session.tables.sql("SELECT FROM {jobs} WHERE id = $1::text")),
      remove_(session.tables.sql("DELETE FROM {jobs} WHERE id = $1::text RETURNING 1")),
      remove_all_(session.tables.sql(
          "WITH removed AS (DELETE FROM {jobs} RETURNING 1) SELECT count(*) FROM removed")),
      get_(session.tables.sql("SELECT {columns} FROM {jobs} j WHERE j.id = $1::text", kPgJobColumns)),
      count_(session.tables.sql("SELECT count(*) FROM {jobs}")) {}

void PgJobs::add(std::span<const NewJob> jobs, OnConflict on_conflict) const {
  const bool replace = on_conflict == OnConflict::kReplace;
  if (!replace) require_different_ids(jobs);
  PgBatch batch;
  add_rows(batch, add_, jobs, places_by_id(jobs, true), [&](PgParameters rows) { return rows.add(replace); });
  session_.add_notification(batch);
  try {
    session_.write(batch);
  } catch (const PgError& error) {
    if (error.sqlstate() != "23502") throw;
    refuse_taken(jobs);
  }
}

void PgJobs::refuse_taken(std::span<const NewJob> jobs) const {
  PgArray ids = PgArray::texts();
  for (const NewJob& job : jobs) ids.add(job.job->id);
  const std::vector<PgRows> answer = session_.read(PgBatch().add(taken_, PgParameters().add(ids)));
  std::unordered_set<std::string_view> taken;
  for (int row = 0; row < answer[0].size(); ++row) taken.insert(answer[0].text(row, 0));
  for (const NewJob& job : jobs) {
    if (taken.contains(job.job->id)) refuse_conflict(job.job->id);
  }
  throw Error(ErrorCode::kStoreUnavailable, "a job id was taken, and has become free since");
}

// The number cannot come from a row: transactions of programs may be long. Whoever runs this is no node, so
// that every node is woken, this one too.
SqlStatements PgJobs::sql_to_add(const NewJob& added, OnConflict on_conflict) const {
  const Job& job = *added.job;
  const JobPosition& position = added.position;
  const auto micros = [](std::optional<Instant> time) {
    return time ? Json(to_micros(*time)) : Json(nullptr);
  };
  const int replace = on_conflict == OnConflict::kReplace ? 1 : 0;
  SqlStatement insert{
      session_.tables.sql(std::string(kInsert) +
                          "(SELECT CAST(? AS text) AS id, CAST(? AS text) AS status, CAST(? AS bigint) AS "
                          "next_run_time, CAST(? AS bigint) AS fire_time, CAST(? AS text) AS task, CAST(? AS "
                          "text) AS executor, CAST(? AS text) AS tags, CAST(? AS text) AS document, "
                          "nextval('{numbers}') AS number) n ON CONFLICT (id) DO UPDATE SET status = "
                          "EXCLUDED.status, " +
                          kOverwrite + " WHERE CAST(? AS integer) <> 0 OR j.status = 'finishing'"),
      Json::array({job.id, stored_word(position.status), micros(position.next_run_time),
                   micros(position.fire_time), job.task, job.executor, pg_array_text(job.tags),
                   job_to_text(job), replace}),
      true};
  SqlStatement notify{"SELECT pg_notify(?, ?)", Json::array({session_.tables.channel(), "a transaction"}),
                      false};
  return {std::move(insert), std::move(notify)};
}

bool PgJobs::import_once(std::string_view source, std::span<const NewJob> jobs) const {
  const std::string key = import_key(source);
  PgBatch batch;
  batch.add(mark_import_, PgParameters().add(key).add(std::to_string(jobs.size())));
  add_rows(batch, import_, jobs, places_by_id(jobs, false), [&](PgParameters rows) { return rows.add(key); });
  session_.add_notification(batch);
  return !session_.write(batch)[0].empty();
}

bool PgJobs::imported(std::string_view source) const {
  return !session_.read(PgBatch().add(find_import_, PgParameters().add(import_key(source))))[0].empty();
}

std::optional<JobRecord> PgJobs::update(const JobRecord& record) const {
  const Job& job = *record.job;
  const JobPosition& position = record.position;
  PgBatch batch;
  batch.add(update_, PgParameters()
                         .add(record.id)
                         .add(position.version)
                         .add(stored_word(position.status))
                         .add(position.next_run_time)
                         .add(position.fire_time)
                         .add(job.task)
                         .add(job.executor)
                         .add(pg_array_text(job.tags))
                         .add(job_to_text(job)));
  session_.add_notification(batch);
  const std::vector<PgRows> answers = session_.write(batch);
  const PgRows& updated = answers[0];
  if (updated.empty()) {
    if (!session_.read(PgBatch().add(exists_, PgParameters().add(record.id)))[0].empty()) return std::nullopt;
    throw Error(ErrorCode::kNotFound, "no job with id " + in_quotes(record.id));
  }
  JobRecord stored = record;
  stored.position.version = stored.position.revision = updated.integer(0, 0);
  stored.position.fence = updated.integer(0, 1);
  return stored;
}

bool PgJobs::remove(std::string_view id) const {
  PgBatch batch;
  batch.add(remove_, PgParameters().add(id));
  session_.add_notification(batch);
  return !session_.write(batch)[0].empty();
}

std::size_t PgJobs::remove_all() const {
  PgBatch batch;
  batch.add(remove_all_);
  session_.add_notification(batch);
  return static_cast<std::size_t>(session_.write(batch)[0].integer(0, 0));
}

std::optional<JobRecord> PgJobs::get(std::string_view id) const {
  const std::vector<PgRows> answer = session_.read(PgBatch().add(get_, PgParameters().add(id)));
  if (answer[0].empty()) return std::nullopt;
  return session_.reader.read(answer[0], 0);
}

std::vector<JobRecord> PgJobs::list(const JobFilter& filter) const {
  std::vector<JobRecord> records;
  std::string after = filter.after_id.value_or("");  // an id is never empty
  while (records.size() < filter.limit) {
    std::vector<JobRecord> found = page(filter, after);
    const bool last = found.size() < kPage;
    if (!found.empty()) after = found.back().id;
    for (JobRecord& record : found) {
      if (records.size() < filter.limit && filter.matches(record)) records.push_back(std::move(record));
    }
    if (last) break;
  }
  return records;
}

// Statements of their own, so that each is planned for what it asks.
std::vector<JobRecord> PgJobs::page(const JobFilter& filter, const std::string& after) const {
  PgParameters parameters;
  parameters.add(after);
  std::string sql =
      session_.tables.sql("SELECT {columns} FROM {jobs} j WHERE j.id > $1::text", kPgJobColumns);
  const auto require = [&](const char* before, const std::string& value, const char* behind) {
    parameters.add(value);
    sql += before + std::to_string(parameters.values().size()) + behind;
  };
  if (!filter.include_finishing) sql += " AND j.status <> 'finishing'";
  if (filter.task) require(" AND j.task = $", *filter.task, "::text");
  if (filter.executor) require(" AND j.executor = $", *filter.executor, "::text");
  if (filter.tag) require(" AND j.tags <> '{}' AND j.tags @> ARRAY[$", *filter.tag, "::text]");
  const PgStatement select(sql + " ORDER BY j.id LIMIT " + std::to_string(kPage), PgStatement::Use::kOnce);
  const std::vector<PgRows> answer = session_.read(PgBatch().add(select, std::move(parameters)));
  std::vector<JobRecord> records;
  for (int row = 0; row < answer[0].size(); ++row) records.push_back(session_.reader.read(answer[0], row));
  return records;
}

std::size_t PgJobs::count() const {
  return static_cast<std::size_t>(session_.read(PgBatch().add(count_))[0].integer(0, 0));
}

std::optional<Instant> PgJobs::next_due(const Exclusions& exclusions) const {
  PgBatch batch;
  session_.add_next_due(batch, exclusions);
  return PgSession::next_due_in(session_.read(batch)[0]);
}

}  // namespace duetime
