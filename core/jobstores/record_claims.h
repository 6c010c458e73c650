// How claims come about over a record storage: due jobs are read and planned, and one write moves them all on
// and puts their claims, where nobody has changed any of them meanwhile; else all is read and planned again.
//
// Each such write puts a note of its call where none is. So a call of unknown outcome may be repeated, also
// while the first one's write is still under way: only one of the two takes effect.
//
// Threads: any.
#pragma once

#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "core/jobstores/claim_ids.h"
#include "core/jobstores/record_draft.h"
#include "core/jobstores/record_session.h"

namespace duetime {

std::optional<Instant> next_due_job(RecordSession& session, const Exclusions& exclusions);

class RecordClaims {
 public:
  explicit RecordClaims(RecordSession& session) : session_(session) {}

  // See JobStore, function by function.
  ClaimResult claim_due(const ClaimRequest& request, const RunPlanner& planner);
  ClaimResult claim_now(std::string_view id, const ClaimRequest& request);
  ClaimResult reclaim_expired(const ClaimRequest& request);

 private:
  class Reclaimer;

  // What a planned job comes to, should the write succeed.
  struct Attempt {
    ClaimResult result;
    RecordDraft draft;
  };

  // Tries until nobody comes in between.
  template <typename Try>
  ClaimResult claimed(const ClaimRequest& request, Try attempt);

  // False: somebody came in between. `unknown`: whether this or an earlier write may have taken effect.
  bool write(RecordDraft& draft, bool& unknown);

  Attempt try_claim_due(const ClaimRequest& request, const RunPlanner& planner);
  Attempt try_claim_now(std::string_view id, const ClaimRequest& request);
  Attempt try_reclaim(const ClaimRequest& request);

  std::vector<RecordedJob> take_due(const ClaimRequest& request, std::vector<JobRecord>& unreadable);
  void carry_out(RecordedJob& job, const RunPlan& plan, int64_t number, const ClaimRequest& request,
                 Attempt& attempt);

  bool was_written(const Uuid& claim_id);
  ClaimResult earlier_claims(const ClaimRequest& request);
  std::optional<ClaimIds::Outcome> recall(const Uuid& claim_id) const;
  void remember(const Uuid& claim_id, ClaimIds::Outcome outcome);

  // How many jobs one write has room for.
  std::size_t room(std::size_t wanted) const;

  RecordSession& session_;
  mutable std::mutex mutex_;
  ClaimIds claim_ids_;
};

}  // namespace duetime
