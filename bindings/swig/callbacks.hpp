// What the engine calls in languages that have classes: SWIG makes directors of these. Each is called from
// any thread, several threads at a time, with no lock held, and may call any function of the library. A
// scheduler owns the ones that it is given, also when the call fails that gives them, and destroys each once,
// on any thread.
#ifndef DUETIME_SWIG_CALLBACKS_HPP
#define DUETIME_SWIG_CALLBACKS_HPP

#include <duetime/duetime.hpp>

#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace duetime::swig {

using v0::Call;  // SWIG does not look into inline namespaces
using v0::Scheduler;

class TaskCallback {
 public:
  virtual ~TaskCallback() = default;

  // DUETIME_TASK_..., with the call's error set unless it succeeded.
  virtual int32_t run(Call& call) = 0;
};

class ListenerCallback {
 public:
  virtual ~ListenerCallback() = default;

  // A PackedEvent's bytes.
  virtual void hear(const std::string& event) = 0;
};

class LogCallback {
 public:
  virtual ~LogCallback() = default;
  virtual void write(int32_t level, const std::string& logger, const std::string& message) = 0;
};

// The answer of a resolver: the task that it found, or none.
class Resolution {
 public:
  void found(TaskCallback* task) { task_.reset(task); }
  TaskCallback* release() { return task_.release(); }

 private:
  std::unique_ptr<TaskCallback> task_;
};

class ResolverCallback {
 public:
  virtual ~ResolverCallback() = default;

  // The resolution lives until it returns.
  virtual void resolve(const std::string& name, Resolution& resolution) = 0;
};

// What remains of a callback that could not be called.
inline int32_t run_callback(void* task, duetime_call* handle) noexcept {
  Call call(handle);
  try {
    return static_cast<TaskCallback*>(task)->run(call);
  } catch (const std::exception& error) {
    return detail::fail(handle, DUETIME_TASK_FAILED, error);
  }
}

// An event as bytes, so that it crosses in one piece. Numbers are little-endian; a text is a length of four
// bytes and so many bytes.
class PackedEvent {
 public:
  explicit PackedEvent(const Event& event) {
    number(event.code, 8);
    number(static_cast<uint64_t>(event.attempt), 4);
    number(static_cast<uint64_t>(event.count), 8);
    number(event.scheduled_times.size(), 4);
    for (const TimePoint time : event.scheduled_times) number(static_cast<uint64_t>(detail::to_c(time)), 8);
    for (const std::string* text : {&event.alias, &event.job_id, &event.store, &event.run_id,
                                    &event.error_kind, &event.error, &event.traceback}) {
      number(text->size(), 4);
      bytes_ += *text;
    }
  }

  const std::string& bytes() const { return bytes_; }

 private:
  void number(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i)));
  }

  std::string bytes_;
};

template <class Callback>
void destroy_callback(void* callback) noexcept {
  delete static_cast<Callback*>(callback);
}

inline int32_t resolve_callback(void* resolver, const char* name, duetime_task_fn* out_fn,
                                void** out_user_data, duetime_release_fn* out_release) noexcept {
  Resolution resolution;
  static_cast<ResolverCallback*>(resolver)->resolve(name, resolution);
  TaskCallback* const task = resolution.release();
  if (task == nullptr) return 0;
  *out_fn = run_callback;
  *out_user_data = task;
  *out_release = destroy_callback<TaskCallback>;
  return 1;
}

inline void register_task(Scheduler& scheduler, const std::string& name, TaskCallback* task) {
  std::unique_ptr<TaskCallback> owned(task);
  const char* c_name = detail::to_c(name);
  detail::check(duetime_scheduler_register_task(scheduler.handle(), c_name, run_callback, owned.release(),
                                                destroy_callback<TaskCallback>));
}

// NULL removes the one before.
inline void set_task_resolver(Scheduler& scheduler, ResolverCallback* resolver) {
  detail::check(duetime_scheduler_set_task_resolver(scheduler.handle(), resolver ? resolve_callback : nullptr,
                                                    resolver, destroy_callback<ResolverCallback>));
}

inline uint64_t add_listener(Scheduler& scheduler, uint64_t mask, ListenerCallback* listener) {
  std::shared_ptr<ListenerCallback> owned(listener);
  return scheduler.add_listener(mask,
                                [owned](const Event& event) { owned->hear(PackedEvent(event).bytes()); });
}

inline LogSink log_sink(LogCallback* log) {
  std::shared_ptr<LogCallback> owned(log);
  return [owned](LogLevel level, const std::string& logger, const std::string& message) {
    owned->write(static_cast<int32_t>(level), logger, message);
  };
}

}  // namespace duetime::swig

#endif
