// The runs that this node has handed to its executors and that have not ended: what may be listed, cancelled
// and waited for.
//
// Cancelling is a word to the task, which may heed it or not (TaskCall::is_cancelled()); a run that has not
// started yet does not start any more.
//
// Threads: any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <vector>

#include "core/jobs/run.h"
#include "core/scheduler/claim_book.h"

namespace duetime {

class RunsUnderWay {
 public:
  void add(const std::vector<ClaimPtr>& claims);

  // The claim is through; whoever waits until idle is told.
  void remove(const ClaimPtr& claim);

  // A run that somebody asked for is not judged late, however long it waits for a worker.
  void excuse(const Uuid& run);
  bool is_excused(const Uuid& run) const;

  void note_start(const ClaimPtr& claim, std::size_t run_index, Instant started_at);

  void note_end(const ClaimPtr& claim, std::size_t run_index);

  // False if the run is not under way here.
  bool cancel(const Uuid& run);

  // All of them are, and those that are added from now on.
  void cancel_all() { all_cancelled_ = true; }

  bool is_cancelled(const Uuid& run) const;

  // Whether somebody cancelled this very run.
  bool is_singled_out(const Uuid& run) const;

  // As kClaimed, one for each run that has not ended, oldest claim first.
  std::vector<RunRecord> list() const;

  std::size_t claims() const;

  // Returns when no more claims than `own` are under way.
  void wait_until_idle(std::size_t own);

 private:
  struct Progress {
    std::size_t run_index = 0;  // the first that has not ended
    std::optional<Instant> started_at;
  };

  // Under the mutex.
  void note(const ClaimPtr& claim, const Progress& progress);

  mutable std::mutex mutex_;
  std::condition_variable idle_;
  ClaimBook<Progress, &Claim::under_way_place> claims_;
  std::unordered_set<Uuid> cancelled_;
  std::unordered_set<Uuid> excused_;
  std::atomic<bool> any_cancelled_{false};  // spares those who ask the mutex
  std::atomic<bool> all_cancelled_{false};
};

}  // namespace duetime
