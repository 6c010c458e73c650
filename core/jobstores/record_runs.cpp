#include "core/jobstores/record_runs.h"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/base/error.h"
#include "core/jobstores/record_draft.h"

namespace duetime {
namespace {

constexpr int kMostTries = 100;
constexpr std::size_t kOperationsPerEnd = 4;

std::size_t part_size(const RecordSession& session, std::size_t operations_each) {
  const std::size_t most = session.max_operations();
  return most == SIZE_MAX ? most : std::max<std::size_t>(1, most / operations_each);
}

// Calls visit(part) with at most `size` of the items.
template <typename Item, typename Visit>
void in_parts(std::span<const Item> items, std::size_t size, Visit visit) {
  while (!items.empty()) {
    const std::size_t count = std::min(size, items.size());
    visit(items.first(count));
    items = items.subspan(count);
  }
}

// Makes attempts, each of which reads and writes, until nobody comes in between.
template <typename Try>
void until_written(Try attempt) {
  for (int tries = 0; tries < kMostTries; ++tries) {
    if (attempt()) return;
  }
  throw Error(ErrorCode::kStoreUnavailable, "the runs are changed by others all the time");
}

bool is_held(const RecordedClaim& recorded, const Claim& claim, Instant now) {
  return recorded.fence == claim.fence && recorded.owner == claim.owner && recorded.lease_until >= now;
}

std::vector<std::string> distinct(std::vector<std::string> ids) {
  std::ranges::sort(ids);
  const auto repeated = std::ranges::unique(ids);
  ids.erase(repeated.begin(), repeated.end());
  return ids;
}

// --- ends

using EndedRuns = std::unordered_map<std::string, RunRecord>;  // by id

RecordedClaim* held_claim(RecordedJob& job, const RunEnd& end, Instant now) {
  const Uuid& run = end.claim->runs[end.run_index].id;
  for (RecordedClaim& claim : job.claims) {
    if (is_held(claim, *end.claim, now) && std::ranges::count(claim.runs, run, &ClaimedRun::id) > 0) {
      return &claim;
    }
  }
  return nullptr;
}

bool ended_it(const EndedRuns& runs, const RunEnd& end) {
  const auto found = runs.find(to_string(end.claim->runs[end.run_index].id));
  if (found == runs.end() || found->second.state == RunState::kAbandoned) return false;
  return found->second.owner == end.claim->owner && found->second.fence == end.claim->fence;
}

EndedRuns find_ended(RecordSession& session, const std::vector<std::string>& ids) {
  EndedRuns ended;
  if (ids.empty()) return ended;
  for (RunRecord& run : session.find_runs(ids)) ended.emplace(to_string(run.id), std::move(run));
  return ended;
}

class Completion {
 public:
  Completion(RecordSession& session, std::span<const RunEnd> ends, const CallTime& time)
      : session_(session), ends_(ends), now_(session.now(time)) {}

  // False: somebody came in between.
  bool run() {
    results_.assign(ends_.size(), {});
    jobs_ = session_.find_jobs(job_ids());
    RecordDraft draft;
    std::vector<std::size_t> strange;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      RecordedJob& job = jobs_.at(ends_[i].claim->record.id);
      RecordedClaim* const claim = held_claim(job, ends_[i], now_);
      results_[i].accepted = claim != nullptr;
      if (claim == nullptr) {
        strange.push_back(i);
      } else {
        draft.end(job, *claim, record_of(ends_[i]));
        last_[job.id] = i;
      }
    }
    for (auto& [id, job] : jobs_) {
      const bool removed = draft.settle(job);
      if (removed) results_[last_.at(id)].job_removed = true;
    }
    accept_repeated(strange);
    return draft.size() == 0 || session_.write(draft.take_operations());
  }

  const std::vector<CompletionResult>& results() const { return results_; }

 private:
  std::vector<std::string> job_ids() const {
    std::vector<std::string> ids;
    for (const RunEnd& end : ends_) ids.push_back(end.claim->record.id);
    return distinct(std::move(ids));
  }

  void accept_repeated(const std::vector<std::size_t>& strange) {
    std::vector<std::string> ids;
    for (const std::size_t i : strange) {
      ids.push_back(to_string(ends_[i].claim->runs[ends_[i].run_index].id));
    }
    const EndedRuns ended = find_ended(session_, ids);
    for (const std::size_t i : strange) results_[i].accepted = ended_it(ended, ends_[i]);
  }

  RecordSession& session_;
  const std::span<const RunEnd> ends_;
  const Instant now_;
  RecordedJobs jobs_;
  std::unordered_map<std::string, std::size_t> last_;  // end of each job
  std::vector<CompletionResult> results_;
};

// --- claims

// Changes those that are still held; true for each of them.
std::vector<bool> change_held(RecordSession& session, std::span<const ClaimPtr> claims, Instant now,
                              const std::function<void(RecordedClaim&)>& change) {
  std::vector<std::string> ids;
  for (const ClaimPtr& claim : claims) ids.push_back(claim->record.id);
  ids = distinct(std::move(ids));
  std::vector<bool> held;
  until_written([&] {
    held.assign(claims.size(), false);
    std::unordered_map<int64_t, RecordedClaim> by_fence;
    for (RecordedClaim& claim : session.claims_of_jobs(ids)) by_fence.emplace(claim.fence, std::move(claim));
    Json operations = Json::array();
    for (std::size_t i = 0; i < claims.size(); ++i) {
      const auto found = by_fence.find(claims[i]->fence);
      held[i] = found != by_fence.end() && is_held(found->second, *claims[i], now);
      if (!held[i] || found->second.changed) continue;
      change(found->second);
      found->second.changed = true;
      operations.push_back(put_operation("claim", found->second.version, claim_row(found->second)));
    }
    return operations.empty() || session.write(operations);
  });
  return held;
}

// --- history

std::vector<RunRecord> claimed_runs(RecordSession& session, const RunFilter& filter) {
  std::vector<RunRecord> runs;
  std::vector<RecordedClaim> page;
  do {
    const std::optional<RecordedClaim> last = page.empty() ? std::nullopt : std::optional(page.back());
    page = session.claims_by_lease(last ? &*last : nullptr);
    for (const RecordedClaim& claim : page) {
      for (const ClaimedRun& run : claim.runs) {
        RunRecord record = claim.record(run);
        if (filter.matches(record)) runs.push_back(std::move(record));
      }
    }
  } while (page.size() == RecordSession::kPage);
  return runs;
}

// How many were removed; what somebody else removed meanwhile is not counted.
std::size_t remove_rows(RecordSession& session, const char* kind, const Json& rows) {
  std::vector<Json> operations;
  for (const Json& row : rows) {
    operations.push_back(
        remove_operation(kind, row.at("key").get<std::string>(), row.at("version").get<int64_t>()));
  }
  std::size_t removed = 0;
  in_parts(std::span<const Json>(operations), part_size(session, 1), [&](std::span<const Json> part) {
    if (session.write(Json(std::vector(part.begin(), part.end())))) removed += part.size();
  });
  return removed;
}

template <typename Ask>
std::size_t prune(RecordSession& session, const char* kind, Ask ask) {
  std::size_t total = 0;
  for (;;) {
    const Json rows = ask();
    const std::size_t removed = rows.empty() ? 0 : remove_rows(session, kind, rows);
    total += removed;
    if (removed < RecordSession::kPage) return total;
  }
}

}  // namespace

std::vector<CompletionResult> complete_runs(RecordSession& session, std::span<const RunEnd> ends,
                                            const CallTime& time) {
  std::vector<CompletionResult> results;
  in_parts(ends, part_size(session, kOperationsPerEnd), [&](std::span<const RunEnd> part) {
    Completion completion(session, part, time);
    until_written([&] { return completion.run(); });
    results.insert(results.end(), completion.results().begin(), completion.results().end());
  });
  return results;
}

std::vector<bool> renew_claims(RecordSession& session, std::span<const ClaimPtr> claims, const CallTime& time,
                               Duration lease) {
  const Instant now = session.now(time);
  const Instant lease_until = checked_add(now, lease).value_or(kLatestInstant);
  std::vector<bool> renewed;
  in_parts(claims, part_size(session, 1), [&](std::span<const ClaimPtr> part) {
    const std::vector<bool> held =
        change_held(session, part, now, [&](RecordedClaim& claim) { claim.lease_until = lease_until; });
    renewed.insert(renewed.end(), held.begin(), held.end());
  });
  return renewed;
}

void release_claims(RecordSession& session, std::span<const ClaimPtr> claims, const CallTime& time) {
  const Instant now = session.now(time);
  in_parts(claims, part_size(session, 1), [&](std::span<const ClaimPtr> part) {
    change_held(session, part, now, [&](RecordedClaim& claim) {
      claim.lease_until = now - Duration{1};
      claim.released = true;
    });
  });
}

std::vector<RunRecord> list_runs(RecordSession& session, const RunFilter& filter) {
  if (filter.limit == 0) return {};
  std::vector<RunRecord> runs;
  const bool claimed_only = filter.state == RunState::kClaimed;
  if (!filter.state || claimed_only) runs = claimed_runs(session, filter);
  if (!claimed_only) {
    for (RunRecord& run : session.history(filter)) runs.push_back(std::move(run));
  }
  std::ranges::stable_sort(runs, std::greater(), &RunRecord::scheduled_time);
  if (runs.size() > filter.limit) runs.resize(filter.limit);
  return runs;
}

std::size_t prune_runs(RecordSession& session, const RunRetention& retention, Instant now) {
  const std::optional<Instant> ended_before = checked_add(now, -retention.max_age);
  return prune(session, "run", [&] { return session.old_runs(retention.max_count, ended_before); });
}

void prune_notes(RecordSession& session, Instant now) {
  prune(session, "note", [&] { return session.old_notes(now); });
}

}  // namespace duetime
