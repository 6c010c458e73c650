// How claims come about in PostgreSQL, in two round trips: due jobs are locked and read, then, planned here,
// moved together with their runs in the same transaction. Where a plan asks foreign code, the locks are given
// back first, and each job is moved only where its version is still the one that was read.
//
// A call that is repeated must not meet its own first try half done. So a transaction that claims first takes
// an advisory lock on the claim_id, and nothing is sent that could claim before that was answered: when the
// repetition has the lock, the first try is over for good.
//
// Threads: any.
#pragma once

#include <mutex>

#include "core/jobstores/claim_ids.h"
#include "core/jobstores/postgresql_session.h"

namespace duetime {

class PgClaims {
 public:
  explicit PgClaims(PgSession& session);

  // See JobStore.
  ClaimResult claim_due(const ClaimRequest& request, const RunPlanner& planner);
  ClaimResult claim_now(std::string_view id, const ClaimRequest& request);
  ClaimResult reclaim_expired(const ClaimRequest& request);

 private:
  struct DueJob;
  struct Draft;
  struct Decision;
  using DueJobs = std::vector<DueJob>;
  class Transaction;
  class Reclaimer;

  template <typename Call>
  ClaimResult remembered(const ClaimRequest& request, Call call);
  std::optional<ClaimIds::Outcome> outcome_of(const Uuid& claim_id) const;
  void remember(const Uuid& claim_id, ClaimIds::Outcome outcome);

  std::vector<ClaimPtr> claimed_earlier(Transaction& transaction, const ClaimRequest& request) const;
  DueJobs read_due(Transaction& transaction, const ClaimRequest& request, ClaimResult& result) const;
  DueJob due_job_in(const PgRows& rows, int row) const;
  void write(Transaction& transaction, std::vector<Draft>& drafts, const ClaimRequest& request,
             ClaimResult& result) const;
  void add_drafts(PgBatch& batch, const std::vector<Draft>& drafts, const ClaimRequest& request) const;

  PgSession& session_;
  mutable std::mutex mutex_;
  ClaimIds claim_ids_;

  const PgStatement begin_;
  const PgStatement commit_;
  const PgStatement rollback_;
  const PgStatement lock_claim_id_;
  const PgStatement claimed_;
  const PgStatement due_;
  const PgStatement lock_job_;
  const PgStatement job_now_;
  const PgStatement move_;
  const PgStatement begin_runs_;
  const PgStatement expiry_;
  const PgStatement expired_;
  const PgStatement jobs_of_expired_;
  const PgStatement raise_fences_;
  const PgStatement take_over_;
  const PgStatement abandon_;
};

}  // namespace duetime
