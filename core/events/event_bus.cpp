#include "core/events/event_bus.h"

#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/base/thread.h"

namespace duetime {

EventBus::EventBus(std::shared_ptr<const Log> log) : log_(std::move(log)) {}

EventBus::~EventBus() { close(); }

ListenerId EventBus::add_listener(uint64_t mask, Listener listener) {
  const std::lock_guard lock(listeners_mutex_);
  Registrations changed = *registrations_;
  changed.push_back({++last_id_, mask, std::move(listener)});
  replace_registrations(std::move(changed));
  return last_id_;
}

bool EventBus::remove_listener(ListenerId id) {
  const std::lock_guard lock(listeners_mutex_);
  Registrations changed = *registrations_;
  const bool found = std::erase_if(changed, [id](const Registration& r) { return r.id == id; }) > 0;
  if (found) replace_registrations(std::move(changed));
  return found;
}

// Under the listeners' mutex. The list is replaced, never edited: deliveries go on with the one they hold.
void EventBus::replace_registrations(Registrations registrations) {
  uint64_t mask = 0;
  for (const Registration& registration : registrations) mask |= registration.mask;
  registrations_ = std::make_shared<const Registrations>(std::move(registrations));
  mask_.store(mask, std::memory_order_relaxed);
}

std::shared_ptr<const EventBus::Registrations> EventBus::registrations() const {
  const std::lock_guard lock(listeners_mutex_);
  return registrations_;
}

void EventBus::deliver(const Event& event) const {
  if (!wants(event.code)) return;
  const auto current = registrations();
  for (const Registration& registration : *current) {
    if ((registration.mask & event.code) == 0) continue;
    try {
      registration.listener(event);
    } catch (...) {
      log_->write(LogLevel::kError, "scheduler", "Error notifying listener: " + current_error_text());
    }
  }
}

void EventBus::post(Event event) {
  if (!wants(event.code)) return;
  bool was_empty = false;
  {
    std::unique_lock lock(queue_mutex_);
    if (!open_) {
      lock.unlock();
      deliver(event);
      return;
    }
    was_empty = queue_.empty();
    if (queue_.size() >= kMaxQueuedEvents) {
      queue_.pop_front();
      dropped_.fetch_add(1, std::memory_order_relaxed);
    }
    queue_.push_back(std::move(event));
  }
  if (!was_empty) return;
  queued_.notify_one();
  if (notify_) notify_();
}

void EventBus::open(bool with_thread) {
  const std::lock_guard lock(queue_mutex_);
  open_ = true;
  if (with_thread) thread_ = start_thread([self = shared_from_this()] { self->run_thread(); });
}

void EventBus::run_thread() {
  for (;;) {
    {
      std::unique_lock lock(queue_mutex_);
      queued_.wait(lock, [&] { return !open_ || !queue_.empty(); });
      if (queue_.empty()) return;
    }
    drain();
  }
}

void EventBus::close() {
  std::thread thread;
  {
    const std::lock_guard lock(queue_mutex_);
    open_ = false;
    thread.swap(thread_);
  }
  queued_.notify_all();
  if (!thread.joinable()) {
    drain();
  } else if (thread.get_id() == std::this_thread::get_id()) {
    thread.detach();
  } else {
    thread.join();
  }
}

bool EventBus::drain() {
  std::deque<Event> events;
  {
    const std::lock_guard lock(queue_mutex_);
    events.swap(queue_);
  }
  for (const Event& event : events) deliver(event);
  return !events.empty();
}

}  // namespace duetime
