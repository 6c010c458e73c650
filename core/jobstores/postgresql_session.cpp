#include "core/jobstores/postgresql_session.h"

#include <utility>

#include "core/base/uuid.h"

namespace duetime {
namespace {

constexpr int kMostTries = 10;

// Undone for the sake of another transaction; the next try finds that one finished.
bool is_to_be_tried_again(const PgError& error) {
  return error.sqlstate() == "40P01" || error.sqlstate() == "40001";
}

std::string parameter(int number) { return "$" + std::to_string(number); }

}  // namespace

std::string pg_exclusions_sql(int first) {
  return "j.task <> ALL (" + parameter(first) + "::text[]) AND j.executor <> ALL (" + parameter(first + 1) +
         "::text[]) AND (j.id, j.revision) NOT IN (SELECT * FROM unnest(" + parameter(first + 2) +
         "::text[], " + parameter(first + 3) + "::bigint[]))";
}

PgParameters& add_pg_exclusions(PgParameters& parameters, const Exclusions& exclusions) {
  for (const auto* names : {&exclusions.tasks, &exclusions.executors}) {
    PgArray array = PgArray::texts();
    for (const std::string& name : *names) array.add(name);
    parameters.add(array);
  }
  PgArray ids = PgArray::texts();
  PgArray revisions = PgArray::integers();
  for (const auto& [id, revision] : exclusions.jobs) {
    ids.add(id);
    revisions.add(revision);
  }
  return parameters.add(ids).add(revisions);
}

const Exclusions& pg_exclusions_of(const ClaimRequest& request) {
  static const Exclusions none;
  return request.exclusions ? *request.exclusions : none;
}

PgSession::PgSession(const PostgresqlStoreOptions& options)
    : name(to_string(make_uuid())),
      pool(options),
      tables(find_tables(pool, options)),
      notify_("SELECT pg_notify($1::text, $2::text)"),
      next_due_(tables.sql("SELECT j.next_run_time FROM {jobs} j WHERE j.status = 'scheduled' AND ") +
                pg_exclusions_sql(1) + " ORDER BY j.next_run_time, j.id LIMIT 1"),
      lock_spent_(tables.sql("SELECT FROM {jobs} WHERE id = ANY ($1::text[]) AND status = 'finishing' ORDER "
                             "BY id FOR NO KEY UPDATE")),
      remove_spent_(
          tables.sql("DELETE FROM {jobs} j WHERE j.id = ANY ($1::text[]) AND j.status = 'finishing' "
                     "AND NOT EXISTS (SELECT FROM {runs} r WHERE r.job_id = j.id AND r.state = "
                     "'claimed') RETURNING j.id")) {
  prepare_postgresql_schema(*pool.lease(), tables);
  subscription_ = std::make_unique<PgSubscription>(options, tables.channel(), name);
  subscription_->ensure();
}

PgTables PgSession::find_tables(PgPool& pool, const PostgresqlStoreOptions& options) {
  require_pg_options(options);
  const std::string schema = options.schema.empty() ? pool.lease()->current_schema() : options.schema;
  if (schema.empty()) {
    throw Error(ErrorCode::kStoreUnavailable,
                "PostgreSQL: no schema of the search path exists; name one in the option schema");
  }
  return {schema, options.table_prefix, options.lease_time};
}

std::vector<PgRows> PgSession::run(const PgBatch& batch, PgEffect effect) {
  for (int tries = kMostTries;; --tries) {
    try {
      return pool.lease()->run(batch, effect);
    } catch (const PgError& error) {
      if (!is_to_be_tried_again(error) || tries == 1) throw;
    }
  }
}

void PgSession::add_notification(PgBatch& batch) const {
  batch.add(notify_, PgParameters().add(tables.channel()).add(name));
}

void PgSession::add_next_due(PgBatch& batch, const Exclusions& exclusions) const {
  PgParameters parameters;
  add_pg_exclusions(parameters, exclusions);
  batch.add(next_due_, std::move(parameters));
}

std::optional<Instant> PgSession::next_due_in(const PgRows& rows) {
  return rows.empty() ? std::nullopt : rows.optional_instant(0, 0);
}

void PgSession::add_lock_of_spent(PgBatch& batch, const PgArray& ids) const {
  batch.add(lock_spent_, PgParameters().add(ids));
}

void PgSession::add_removal_of_spent(PgBatch& batch, const PgArray& ids) const {
  batch.add(remove_spent_, PgParameters().add(ids));
}

void PgSession::abandon_after_fork() noexcept {
  pool.abandon_after_fork();
  subscription_->abandon_after_fork();
}

}  // namespace duetime
