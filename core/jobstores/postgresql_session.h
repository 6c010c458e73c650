// An open PostgreSQL store: its connections, its tables, and every statement that more than one part uses.
//
// Threads: any.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "core/jobstores/postgresql_pool.h"
#include "core/jobstores/postgresql_rows.h"
#include "core/jobstores/postgresql_schema.h"
#include "core/jobstores/postgresql_subscription.h"

namespace duetime {

class PgSession {
 public:
  // Connects, makes or checks the tables. Throws as JobStore::open() does.
  explicit PgSession(const PostgresqlStoreOptions& options);

  // One batch on a connection of the pool. Where the server undid it for the sake of another transaction
  // (a deadlock, a serialization failure), it is sent again.
  std::vector<PgRows> read(const PgBatch& batch) { return run(batch, PgEffect::kNone); }
  std::vector<PgRows> write(const PgBatch& batch) { return run(batch, PgEffect::kCommits); }

  // Tells other nodes when the transaction is committed.
  void add_notification(PgBatch& batch) const;

  // Asks next_due(); the answer is the batch's rows in this place.
  void add_next_due(PgBatch& batch, const Exclusions& exclusions) const;
  static std::optional<Instant> next_due_in(const PgRows& rows);

  // Removes those of these jobs that were only waiting for their last run to end; the rows are their ids.
  // Requires: no other transaction can end their last runs meanwhile (see lock_spent), and the statement that
  // ended them came before.
  void add_removal_of_spent(PgBatch& batch, const PgArray& ids) const;

  // Waits for other transactions that end runs of spent jobs among these: two that end the last two runs at
  // the same time would each leave the job to the other.
  void add_lock_of_spent(PgBatch& batch, const PgArray& ids) const;

  PgSubscription& subscription() { return *subscription_; }

  // Closes the child's descriptors. Nothing but this may be done with the object in the child.
  void abandon_after_fork() noexcept;

  const std::string name;  // of this node in the channel
  PgPool pool;
  const PgTables tables;
  PgJobReader reader;

 private:
  static PgTables find_tables(PgPool& pool, const PostgresqlStoreOptions& options);
  std::vector<PgRows> run(const PgBatch& batch, PgEffect effect);

  const PgStatement notify_;
  const PgStatement next_due_;
  const PgStatement lock_spent_;
  const PgStatement remove_spent_;
  std::unique_ptr<PgSubscription> subscription_;
};

// As parameters of statements: tasks, executors, ids and revisions of jobs.
PgParameters& add_pg_exclusions(PgParameters& parameters, const Exclusions& exclusions);

// Their condition on a table called j; `first` is the number of the first of the four parameters.
std::string pg_exclusions_sql(int first);

const Exclusions& pg_exclusions_of(const ClaimRequest& request);

}  // namespace duetime
