// How claims come about in Redis: due jobs are read, planned here, and the plans carried out by one script,
// each only where its job's version is still the one that was read.
#pragma once

#include <optional>
#include <vector>

#include "core/jobstores/redis_rows.h"
#include "core/jobstores/redis_session.h"

namespace duetime {

struct RedisDueJob {
  JobRecord record;
  int running_instances = 0;
  RunPlan plan;
};

struct RedisDueBatch {
  std::vector<RedisDueJob> jobs;
  std::vector<JobRecord> unreadable;
  std::optional<Instant> next_due;  // when it was read
};

class RedisClaims {
 public:
  RedisClaims(RedisSession& session, RedisJobReader& reader, const ClaimRequest& request)
      : session_(session), reader_(reader), request_(request) {}

  RedisDueBatch read_due() const;

  // The planner may call back into the store.
  void plan(RedisDueBatch& batch, const RunPlanner& planner) const;

  // A job that somebody else has changed since it was read is left out. `mark`: even if there is nothing to
  // carry out, so that an earlier call of unknown outcome under this claim_id that is still under way finds
  // itself forestalled.
  ClaimResult carry_out(RedisDueBatch&& batch, bool mark) const;

  // See JobStore::claim_now().
  ClaimResult claim_now(std::string_view id) const;

  // See JobStore::reclaim_expired().
  ClaimResult reclaim(bool mark) const;

  // What an earlier call has claimed under the same claim_id and still holds; nothing if there was none that
  // took effect.
  std::optional<std::vector<ClaimPtr>> claimed() const;

 private:
  struct Decision;

  std::vector<Decision> decide(ClaimResult& result, bool& left_some) const;
  void decide_page(const RedisReply& page, std::vector<Decision>& decisions, std::size_t& taken,
                   bool& left_some) const;
  void apply(std::vector<Decision>&& decisions, ClaimResult& result, bool& left_some) const;
  std::vector<ClaimPtr> claims_in(const RedisReply& reply, std::size_t first) const;

  RedisSession& session_;
  RedisJobReader& reader_;
  const ClaimRequest& request_;
};

// For scripts.
RedisCommand redis_exclusions(const Exclusions& exclusions);
std::optional<Instant> redis_due_instant(const RedisValue& time);

}  // namespace duetime
