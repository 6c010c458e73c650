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
  for (const ClaimPtr& claim : claims) {
    claim->under_way_place = entries_.size();
    entries_.push_back({claim, 0, std::nullopt});
  }
}

RunsUnderWay::Entry* RunsUnderWay::find(const ClaimPtr& claim) {
  const std::size_t place = claim->under_way_place;
  return place < entries_.size() && entries_[place].claim == claim ? &entries_[place] : nullptr;
}

void RunsUnderWay::note(const ClaimPtr& claim, std::size_t run_index, std::optional<Instant> started_at) {
  Entry* const entry = find(claim);
  if (entry == nullptr) return;
  entry->run_index = run_index;
  entry->started_at = started_at;
}

void RunsUnderWay::remove(const ClaimPtr& claim) {
  const std::lock_guard lock(mutex_);
  if (Entry* const entry = find(claim)) {
    entries_.back().claim->under_way_place = claim->under_way_place;
    *entry = std::move(entries_.back());
    entries_.pop_back();
  }
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
  note(claim, run_index, started_at);
}

void RunsUnderWay::note_end(const ClaimPtr& claim, std::size_t run_index) {
  const std::lock_guard lock(mutex_);
  note(claim, run_index + 1, std::nullopt);
}

bool RunsUnderWay::cancel(const Uuid& run) {
  const std::lock_guard lock(mutex_);
  const bool found =
      std::ranges::any_of(entries_, [&](const Entry& entry) { return holds(*entry.claim, run); });
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
  for (const Entry& entry : entries_) {
    for (std::size_t i = entry.run_index; i < entry.claim->runs.size(); ++i) {
      runs.push_back(record_of(*entry.claim, entry.claim->runs[i]));
      if (i == entry.run_index) runs.back().started_at = entry.started_at;
    }
  }
  std::ranges::sort(runs, {}, [](const RunRecord& run) { return std::tuple(run.claimed_at, run.fence); });
  return runs;
}

std::size_t RunsUnderWay::claims() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void RunsUnderWay::wait_until_idle(std::size_t own) {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [&] { return entries_.size() <= own; });
}

}  // namespace duetime
