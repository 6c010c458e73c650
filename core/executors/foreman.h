// The thread of a process pool: gives runs to workers, hears what came of them, and sees to it that there are
// workers. It never blocks on one of them.
//
// Runs wait here in `waiting_`, oldest first. A worker gets more than one at a time only while runs are so
// short that it would mostly wait for us; if one then takes long, those behind it are taken back.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/executors/pool_queue.h"
#include "core/executors/process_pool.h"
#include "core/executors/worker.h"

namespace duetime {

class Foreman {
 public:
  Foreman(std::shared_ptr<const ProcessPoolOptions> options, std::shared_ptr<PoolQueue> queue,
          WorkerProgram program);

  // Returns when the pool is closed, nothing waits and no worker is left.
  void run() noexcept;

  // Whether the calling thread is the one that works on that queue.
  static bool is_here(const PoolQueue& queue);

 private:
  using WorkerPtr = std::unique_ptr<Worker>;
  struct Ready {
    uint64_t worker;  // 0: the queue
    bool death;
  };

  // --- events ---
  std::vector<Ready> wait();
  int milliseconds_until_next_deadline() const;
  PoolClock::time_point deadline_of(const Worker& worker) const;
  PoolClock::time_point patience_ends(const Worker& worker) const;
  PoolClock::time_point timeout_of(const Worker& worker) const;
  void watch(Worker& worker);
  void unwatch(Worker& worker);
  void heed(const Ready& ready);
  void fetch();
  void discard_waiting();

  // --- workers ---
  bool has_room(const Worker& worker) const;
  Worker* room_for(const PoolRun& run);
  void hire();
  void start_worker();
  void listen_to(Worker& worker);
  void read_frames(Worker& worker);
  void heed(Worker& worker, const Frame& frame);
  void look_after(Worker& worker);
  void check_first(Worker& worker);
  void reclaim_line(Worker& worker);
  void bury(uint64_t id);
  void dismiss_idle();
  void flush();

  // --- runs ---
  void dispatch();
  bool admit(PoolRun& run);
  bool announce(PoolRun& run);
  bool encode(PoolRun& run, WorkerOutcome& error) const;
  bool may_start(const PoolRun& run);
  void finish(const PoolRun& run, WorkerOutcome outcome, Instant started_at);
  void conclude(PoolRun run, WorkerOutcome outcome, Instant started_at);
  void fail_waiting(WorkerOutcome why);
  TaskOutcome to_task_outcome(const PoolRun& run, WorkerOutcome outcome) const;

  const std::shared_ptr<const ProcessPoolOptions> options_;
  const std::shared_ptr<PoolQueue> queue_;
  const WorkerProgram program_;
  const std::string hello_;
  const FileDescriptor epoll_;
  std::map<uint64_t, WorkerPtr> workers_;
  uint64_t last_worker_ = 0;
  std::deque<PoolRun> waiting_;
  PoolClock::time_point now_;            // of this round
  PoolClock::time_point hire_again_at_;  // after workers could not be started
  bool closing_ = false;
  bool discarding_ = false;
};

}  // namespace duetime
