#include "core/scheduler/runs_under_way.h"

#include <algorithm>
#include <tuple>

namespace duetime {
namespace {

bool holds(const Claim& claim, const Uuid& run) {
  return std::ranges::find(claim.runs, run, &ClaimedRun::id) != claim.runs.end();
}

}  // namespace

void RunsUnderWay::add(const std::vector<ClaimPtr>& claims) {
  const std::lock_guard lock(mutex_);
  for (const ClaimPtr& claim : claims) claims_.add(claim, Progress{});
}

void RunsUnderWay::note(const ClaimPtr& claim, const Progress& progress) {
  if (Progress* const noted = claims_.find(claim)) *noted = progress;
}

void RunsUnderWay::remove(const ClaimPtr& claim) {
  const std::lock_guard lock(mutex_);
  claims_.erase(claim);
  if (any_cancelled_) {
    for (const ClaimedRun& run : claim->runs) cancelled_.erase(run.id);
    any_cancelled_ = !cancelled_.empty();
  }
  idle_.notify_all();
}

void RunsUnderWay::excuse(const Uuid& run) {
  const std::lock_guard lock(mutex_);
  excused_.insert(run);
}

bool RunsUnderWay::is_excused(const Uuid& run) const {
  const std::lock_guard lock(mutex_);
  return excused_.contains(run);
}

void RunsUnderWay::note_start(const ClaimPtr& claim, std::size_t run_index, Instant started_at) {
  const std::lock_guard lock(mutex_);
  if (!excused_.empty()) excused_.erase(claim->runs[run_index].id);
  note(claim, {run_index, started_at});
}

void RunsUnderWay::note_end(const ClaimPtr& claim, std::size_t run_index) {
  const std::lock_guard lock(mutex_);
  note(claim, {run_index + 1, std::nullopt});
}

bool RunsUnderWay::cancel(const Uuid& run) {
  const std::lock_guard lock(mutex_);
  const bool found =
      std::ranges::any_of(claims_, [&](const auto& entry) { return holds(*entry.claim, run); });
  if (found) cancelled_.insert(run);
  any_cancelled_ = !cancelled_.empty();
  return found;
}

bool RunsUnderWay::is_cancelled(const Uuid& run) const { return all_cancelled_ || is_singled_out(run); }

bool RunsUnderWay::is_singled_out(const Uuid& run) const {
  if (!any_cancelled_) return false;
  const std::lock_guard lock(mutex_);
  return cancelled_.contains(run);
}

std::vector<RunRecord> RunsUnderWay::list() const {
  std::vector<RunRecord> runs;
  const std::lock_guard lock(mutex_);
  for (const auto& [claim, progress] : claims_) {
    for (std::size_t i = progress.run_index; i < claim->runs.size(); ++i) {
      runs.push_back(record_of(*claim, claim->runs[i]));
      if (i == progress.run_index) runs.back().started_at = progress.started_at;
    }
  }
  std::ranges::sort(runs, {}, [](const RunRecord& run) { return std::tuple(run.claimed_at, run.fence); });
  return runs;
}

std::size_t RunsUnderWay::claims() const {
  const std::lock_guard lock(mutex_);
  return claims_.size();
}

void RunsUnderWay::wait_until_idle(std::size_t own) {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [&] { return claims_.size() <= own; });
}

}  // namespace duetime
