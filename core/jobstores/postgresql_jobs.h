// Adding, changing, finding and removing jobs in PostgreSQL: what JobStore says of each, in one round trip
// unless something is in the way.
#pragma once

#include "core/jobstores/postgresql_session.h"

namespace duetime {

class PgJobs {
 public:
  explicit PgJobs(PgSession& session);

  void add(std::span<const NewJob> jobs, OnConflict on_conflict) const;
  SqlStatements sql_to_add(const NewJob& job, OnConflict on_conflict) const;
  bool import_once(std::string_view source, std::span<const NewJob> jobs) const;
  bool imported(std::string_view source) const;
  std::optional<JobRecord> update(const JobRecord& record) const;
  bool remove(std::string_view id) const;
  std::size_t remove_all() const;
  std::optional<JobRecord> get(std::string_view id) const;
  std::vector<JobRecord> list(const JobFilter& filter) const;
  std::size_t count() const;
  std::optional<Instant> next_due(const Exclusions& exclusions) const;

 private:
  [[noreturn]] void refuse_taken(std::span<const NewJob> jobs) const;
  std::vector<JobRecord> page(const JobFilter& filter, const std::string& after) const;

  PgSession& session_;
  const PgStatement add_;
  const PgStatement mark_import_;
  const PgStatement import_;
  const PgStatement find_import_;
  const PgStatement taken_;
  const PgStatement update_;
  const PgStatement exists_;
  const PgStatement remove_;
  const PgStatement remove_all_;
  const PgStatement get_;
  const PgStatement count_;
};

}  // namespace duetime
