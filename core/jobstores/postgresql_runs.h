// Runs in PostgreSQL once they are claimed: how they end, their leases, and their history.
#pragma once

#include "core/jobstores/postgresql_session.h"

namespace duetime {

class PgRuns {
 public:
  explicit PgRuns(PgSession& session);

  // See JobStore.
  std::vector<CompletionResult> complete(std::span<const RunEnd> ends) const;
  std::vector<bool> renew(std::span<const ClaimPtr> claims, Duration lease) const;
  void release(std::span<const ClaimPtr> claims) const;
  std::vector<RunRecord> list(const RunFilter& filter) const;
  std::size_t prune(const RunRetention& retention, Instant now) const;

 private:
  void accept_earlier_ends(std::span<const RunEnd> ends, std::vector<CompletionResult>& results) const;
  PgStatement list_statement(const RunFilter& filter, const char* state) const;
  std::size_t prune_in_steps(const PgStatement& statement, int64_t bound) const;

  PgSession& session_;
  const PgStatement finish_;
  const PgStatement finished_;
  const PgStatement renew_;
  const PgStatement release_;
  const PgStatement prune_beyond_;
  const PgStatement prune_older_;
};

}  // namespace duetime
