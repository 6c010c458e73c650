// What the callers of a process pool and its foreman share: executions that have arrived, and the order to
// close. It also counts foremen, of whom there is one at a time (two while the former leaves).
//
// The queue welcomes as much as keeps the workers busy for some 20 ms, judged by the runs so far: enough that
// they never wait for the lane; more would take work away from other nodes of a shared store.
//
// Threads: any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "core/executors/executor.h"
#include "core/time/file_descriptor.h"

namespace duetime {

class PoolQueue {
 public:
  explicit PoolQueue(std::size_t workers);

  // --- callers ---
  void open();
  // Answers what was not taken: all of them when the pool is closed.
  std::vector<Execution> add(std::vector<Execution> executions);
  std::size_t free_slots() const;

  // With `discard`, what no worker has begun is to be given back.
  void close(bool discard);
  void wait_until_closed(bool caller_is_foreman);

  // Whether a foreman has to be started, who then counts as there.
  bool wants_foreman();
  std::vector<Execution> lose_foreman();  // who could not be started; answers what was for him

  // --- the foreman ---
  struct Order {
    std::vector<Execution> arrived;
    bool closing = false;
    bool discard = false;
  };
  Order fetch();
  int fd() const { return rung_.fd(); }  // readable when there is something to fetch

  // A claim is about to end or to be given back, so that the lane, which hears of it, finds the room; or it
  // is not after all.
  void make_room() { --taken_; }
  void take_room() { ++taken_; }

  // mean_run() is a moving average over some eight runs.
  void note_duration(Duration run);
  Duration mean_run() const { return Duration{mean_run_.load(std::memory_order_relaxed)}; }

  // False: there is something to do after all. Otherwise left() is due when the foreman's thread ends.
  bool may_leave();
  void left();

 private:
  void ring();

  const std::size_t workers_;
  EventFlag rung_;
  std::atomic<bool> is_rung_{false};
  std::atomic<std::size_t> taken_{0};
  std::atomic<int64_t> mean_run_;
  mutable std::mutex mutex_;
  std::condition_variable left_;
  Order order_;
  bool has_foreman_ = false;
  std::size_t foremen_ = 0;
};

}  // namespace duetime
