// Hands events to listeners. Events of API calls are delivered in the caller's thread before the call
// returns; events of lanes and executors are queued and delivered by one thread of the bus (or by
// run_pending() in hosted mode), so that a slow listener delays no run. One thread keeps the order.
//
// The queue is bounded: beyond kMaxQueuedEvents the oldest are dropped and counted, because a listener that
// never returns must not eat the memory.
//
// Threads: everything may be called from any thread, a listener included. What a listener throws is logged.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/log.h"
#include "core/events/event.h"

namespace duetime {

using Listener = std::function<void(const Event&)>;
using ListenerId = uint64_t;

inline constexpr std::size_t kMaxQueuedEvents = 100'000;

class EventBus : public std::enable_shared_from_this<EventBus> {
 public:
  explicit EventBus(std::shared_ptr<const Log> log);
  ~EventBus();
  EventBus(const EventBus&) = delete;
  EventBus& operator=(const EventBus&) = delete;

  ListenerId add_listener(uint64_t mask, Listener listener);

  // False if there is none. A delivery that is under way in another thread may still end after the return.
  bool remove_listener(ListenerId id);

  // Whether anybody listens: lets callers skip making an event.
  bool wants(uint64_t code) const { return (mask_.load(std::memory_order_relaxed) & code) != 0; }

  // Delivers in this thread.
  void deliver(const Event& event) const;

  // Queues for the bus's thread or for drain(); delivers in this thread while the bus is closed.
  void post(Event event);

  // Opens the queue, with a thread that delivers or without. close() delivers what is queued and joins the
  // thread, unless it is itself the caller.
  void open(bool with_thread);
  void close();

  // Delivers what is queued in this thread; answers whether there was any.
  bool drain();

  // Called when something was queued; hosted mode rings its alarm. Set before open().
  void on_queued(std::function<void()> notify) { notify_ = std::move(notify); }

  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Registration {
    ListenerId id;
    uint64_t mask;
    Listener listener;
  };
  using Registrations = std::vector<Registration>;

  std::shared_ptr<const Registrations> registrations() const;
  void replace_registrations(Registrations registrations);
  void run_thread();

  std::shared_ptr<const Log> log_;
  std::function<void()> notify_;

  mutable std::mutex listeners_mutex_;
  std::shared_ptr<const Registrations> registrations_ = std::make_shared<Registrations>();
  std::atomic<uint64_t> mask_{0};
  ListenerId last_id_ = 0;

  std::mutex queue_mutex_;
  std::condition_variable queued_;
  std::deque<Event> queue_;
  std::atomic<uint64_t> dropped_{0};
  bool open_ = false;
  std::thread thread_;
};

}  // namespace duetime
