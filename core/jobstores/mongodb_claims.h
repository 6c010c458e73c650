// How claims come about in MongoDB: due jobs are read and planned, and each plan is carried out by one update
// of its job's document, which moves the job and holds the claimed runs, where the version is still the one
// that was read. The updates of one call travel together; what became of each is read back unless all took
// effect.
//
// A call whose outcome is unknown may be repeated with its claim_id, also while the server still has the
// first one's updates before it: the repeated call makes those void before it looks for what was claimed.
//
// Threads: any.
#pragma once

#include <deque>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "core/jobstores/mongodb_documents.h"

namespace duetime {

// Updates that were sent under a claim_id, for a later call to make void: the jobs and versions they change,
// and statements that undo what a takeover looks for.
struct MongoPending {
  std::vector<Bson> moves;
  std::vector<Bson> takeovers;

  bool empty() const { return moves.empty() && takeovers.empty(); }
};

class MongoClaims {
 public:
  explicit MongoClaims(MongoSession& session) : session_(session) {}

  // See JobStore, function by function.
  ClaimResult claim_due(const ClaimRequest& request, const RunPlanner& planner);
  ClaimResult claim_now(std::string_view id, const ClaimRequest& request);
  ClaimResult reclaim_expired(const ClaimRequest& request);

 private:
  using Plans = std::vector<std::pair<MongoJob, RunPlan>>;

  struct Call {
    Uuid claim_id;
    bool answered = false;
    MongoPending pending;
  };

  // Makes the call and remembers how it went. What fails once updates were sent is of unknown outcome.
  template <typename Body>
  ClaimResult remembered(const ClaimRequest& request, Body body);

  ClaimResult carry_out(Plans&& plans, const ClaimRequest& request, MongoPending& pending);
  ClaimResult try_claim_now(std::string_view id, const ClaimRequest& request, MongoPending& pending);

  // What an earlier call with this claim_id came to. nullopt if there was none, or if it claimed nothing and
  // may be made again.
  std::optional<ClaimResult> earlier_result(const ClaimRequest& request);
  void make_void(const MongoPending& pending);
  std::optional<Call> recall(const Uuid& claim_id) const;
  void remember(Call call);
  std::vector<ClaimPtr> claims_of(const ClaimRequest& request);

  MongoSession& session_;
  mutable std::mutex mutex_;
  std::deque<Call> calls_;  // the latest
};

}  // namespace duetime
