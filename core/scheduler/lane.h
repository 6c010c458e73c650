// The worker for one job store: claim what is due, hand it over, sleep. One slow or failing store delays no
// other, because each has a lane of its own.
//
// A pass never dies: what the store throws is reported, and the lane tries again with growing pauses. Between
// passes the lane asks the store nothing; it wakes when the earliest job is due, when something changed here
// or (told by the store) elsewhere, when a run has ended, and when the clock was set.
//
// Threads: in threaded mode run() belongs to the lane's own thread, in hosted mode to whoever calls
// run_pending(); all else may be called from any thread. Executors hold the lane until their runs have ended.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "core/scheduler/backoff.h"
#include "core/scheduler/lease_keeper.h"
#include "core/scheduler/node.h"
#include "core/scheduler/open_store.h"
#include "core/scheduler/parking.h"
#include "core/scheduler/run_events.h"
#include "core/scheduler/runs_under_way.h"

namespace duetime {

class Lane final : public ExecutionHost, public std::enable_shared_from_this<Lane> {
 public:
  Lane(std::shared_ptr<const Node> node, std::string alias, OpenStorePtr store);
  ~Lane() override;

  // The thread waits for begin(): a scheduler has all its lanes before one of them runs a job.
  void start_thread();
  void begin();

  // Everything that is to do now; answers when to be called again at the latest. Guarded: never throws.
  Instant run();

  // For hosted mode: sleep() arms the descriptor for that instant; fd() is readable when run() has work.
  int fd() const { return alarm_->fd(); }
  void arm(Instant next);
  void poll();

  // For run_due(): has the next run() ask the store, but claim nothing once the clock is beyond `horizon`.
  // Then tells when there is work next.
  void look_again(Instant horizon);
  Instant next_work() const;

  void set_paused(bool paused);

  // Something changed here: look at the store again. wake_for(): a job is now due at that instant.
  void wake();
  void wake_for(std::optional<Instant> due);

  // No more claims; ends the thread (joins it unless it is the caller). Runs that go on are still recorded.
  void stop();

  // After stop(), when runs were given the time they may have: lets go of the leases.
  void close() { leases_->stop(); }

  // Returns when no run is executing any more, not counting one that is the caller.
  void wait_until_idle();

  Parking& parking() { return parking_; }
  std::vector<ParkedJob> parked_jobs() const { return parking_.list(alias_, store_); }

  // False if the job is not parked here. Jobs that were parked for the same reason are released with it;
  // those that were due meanwhile are due now.
  bool release_parked(const std::string& id);

  LaneHealth health() const;

  // See Scheduler::run_job_now(); throws what the store throws, too.
  Uuid run_now(std::string_view id);

  // See Scheduler::list_running().
  std::vector<RunRecord> list_running() const;

  bool cancel(const Uuid& run) { return under_way_.cancel(run); }
  std::size_t executing() const { return under_way_.claims(); }

  void accepted(const ClaimPtr& claim) noexcept override;
  bool may_start(const ClaimPtr& claim, std::size_t run_index) noexcept override;
  void finished(const ClaimPtr& claim, std::size_t run_index, TaskOutcome outcome, Instant started_at,
                Instant ended_at) noexcept override;
  void unstarted(const ClaimPtr& claim) noexcept override;
  void given_back(const ClaimPtr& claim, const std::string& reason) noexcept override;
  bool is_cancelled(const Uuid& run) const noexcept override { return under_way_.is_cancelled(run); }
  Instant now() const noexcept override { return node_->clock->now(); }
  const std::string& store_alias() const noexcept override { return alias_; }

 private:
  // Runs that have ended and that the store is yet to be told of; `outcomes` has one for each of `ends`.
  struct PendingEnds {
    std::vector<RunEnd> ends;
    std::vector<TaskOutcome> outcomes;

    void push(RunEnd end, TaskOutcome outcome);

    // These go before what is there already.
    void put_back(PendingEnds earlier);
    void clear();
  };

  // What one call to the store may claim: the executors and how much each wants.
  struct Capacity {
    std::map<std::string, ExecutorPtr> executors;
    std::map<std::string, std::size_t> slots;
    std::size_t total = 0;
  };

  // What the planner met and could not decide without calling foreign code.
  struct Undecided {
    std::map<std::string, std::vector<std::string>> tasks;      // name -> ids of jobs
    std::map<std::string, std::vector<std::string>> executors;  // alias -> ids of jobs
    bool ends = false;  // a run that counts has ended here, and the store is yet to be told
  };

  void run_thread();
  void wait_for_begin();
  Instant pass();
  void flush();
  void flush_ends();
  void tell_ends(const PendingEnds& ended, const std::vector<CompletionResult>& results) const;
  void flush_unstarted();
  void reclaim_released();
  void reclaim_if_due();
  void claim_all();
  bool claim_batch();
  ClaimResult claim(const ClaimRequest& request, Capacity& capacity, Undecided& undecided);
  ClaimResult claim_now(std::string_view id);
  bool has_unrecorded_end(const std::string& job_id) const;
  ClaimRequest make_request(const Uuid& claim_id, const CallTime& time, const Exclusions& exclusions,
                            std::size_t limit) const;
  Capacity measure_capacity();
  bool decide(const Undecided& undecided);
  void report(const ClaimResult& result);
  void hand_over(const std::vector<ClaimPtr>& claims, const std::map<std::string, ExecutorPtr>& executors);
  void prune_if_due();
  void poll_if_due();
  Instant next_wakeup() const;
  void note_failure(const std::string& error);
  void note_success();
  void heed(const WakeReason& reason);
  void ring();
  void park_claim(const ClaimPtr& claim, const std::string& reason);
  void push_end(RunEnd end, TaskOutcome outcome);
  void settle(const ClaimPtr& claim);
  bool starts(const ClaimPtr& claim, std::size_t run_index);
  bool is_late(const Claim& claim, const ClaimedRun& run, Instant started_at);
  bool is_given_back(const ClaimPtr& claim) const;
  void make_due_now(JobRecord record);

  const std::shared_ptr<const Node> node_;
  const std::string alias_;
  const OpenStorePtr open_;  // keeps it open
  JobStore& store_;
  const RunEvents events_;
  const std::shared_ptr<LeaseKeeper> leases_;
  const std::unique_ptr<Alarm> alarm_;
  Parking parking_;
  RunsUnderWay under_way_;
  std::thread thread_;
  bool threaded_ = false;

  // Owned by whoever calls run().
  Backoff failures_;
  Backoff contention_;
  Instant retry_at_ = kEarliestInstant;
  Instant reclaim_at_ = kEarliestInstant;
  Instant prune_at_ = kEarliestInstant;
  Instant poll_at_ = kLatestInstant;
  Uuid claim_id_;    // of a claim whose outcome is unknown, to be asked again; else nil
  Uuid reclaim_id_;  // the same of a look for what is to be taken over

  std::atomic<bool> look_{true};                   // the store may have something new
  std::atomic<bool> rung_{false};                  // the alarm was rung since the last pass
  std::atomic<bool> starved_{false};               // an executor was full when we last claimed
  std::atomic<bool> reclaim_{false};               // there may be claims to take over
  std::atomic<bool> store_changed_{false};         // another node changed the store
  std::atomic<Instant> next_due_{kLatestInstant};  // kLatestInstant while a claim is under way
  std::atomic<Instant> horizon_{kLatestInstant};   // beyond it nothing is claimed
  std::atomic<bool> paused_{false};
  std::atomic<bool> stopping_{false};

  mutable std::mutex mutex_;
  std::condition_variable begin_;
  bool begun_ = false;
  PendingEnds ends_;
  PendingEnds spare_ends_;  // empty, with room: what one batch took is there for the next
  std::vector<ClaimPtr> unstarted_;
  std::unordered_set<ClaimPtr> given_back_;  // parked in mid-claim; their later runs must not start
  std::unordered_set<std::string> excused_;  // released jobs, whose next run is not judged late
  Backoff submissions_;                      // pauses after executors that could not take a claim
  Instant resubmit_at_ = kEarliestInstant;
  bool drained_ = false;  // no pass will come: whoever ends a run records it
  bool alive_ = false;
  LaneHealth health_;
};

}  // namespace duetime
