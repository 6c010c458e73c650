// Tasks: the functions that jobs run.
#ifndef DUETIME_TASK_HPP
#define DUETIME_TASK_HPP

#include <duetime/task.h>
#include <duetime/common.hpp>
#include <duetime/job.hpp>

#include <cstdlib>
#include <functional>
#include <typeinfo>

#if defined(__GNUC__)
#include <cxxabi.h>
#endif

namespace duetime {
inline namespace v0 {

// One call of a task. Valid until the task returns, and only on the thread that runs it.
class Call {
 public:
  explicit Call(duetime_call *handle) : handle_(handle) {}
  Call(const Call &) = delete;
  Call &operator=(const Call &) = delete;

  std::string job_id() const { return text(duetime_call_job_id); }
  std::string job_name() const { return text(duetime_call_job_name); }
  std::string task() const { return text(duetime_call_task); }
  std::string store() const { return text(duetime_call_store); }
  std::string run_id() const { return text(duetime_call_run_id); }  // 32 hexadecimal digits

  // The time that this run is for; the task may have started later.
  TimePoint scheduled_time() const { return detail::to_time_point(duetime_call_scheduled_time(handle_)); }

  int32_t attempt() const {
    return duetime_call_attempt(handle_);
  }  // 1, and +1 per takeover from a dead node

  // Grows with each claim of the job: hand it to what the task writes to, and a predecessor that was cut off
  // and comes back can be told from its successor.
  int64_t fence() const { return duetime_call_fence(handle_); }

  // True once somebody wants the run to end early: Scheduler::cancel_run(), or a shutdown. What to make of
  // it, and when to look, is the task's affair.
  bool is_cancelled() const { return duetime_call_is_cancelled(handle_) != 0; }

  Payload payload() const {
    std::size_t size = 0;
    const auto *data = static_cast<const char *>(duetime_call_payload(handle_, &size));
    return {text(duetime_call_payload_encoding), data ? std::string(data, size) : std::string()};
  }

  // For functions of the C ABI.
  duetime_call *handle() const noexcept { return handle_; }

 private:
  std::string text(const char *(*getter)(const duetime_call *)) const {
    const char *text = getter(handle_);
    return text ? text : "";
  }

  duetime_call *handle_;
};

// What a task throws that cannot read its arguments: the run is given back as if it had not been started, for
// another node to try, and the job is parked on this one with the text.
class CannotRun : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Called from executor threads, several at the same time; may call any function of the library. Whatever it
// throws is the run's error: the class of the exception as its kind, what() as its text.
using Task = std::function<void(Call &)>;

namespace detail {

// "std::runtime_error".
inline std::string class_of(const std::exception &error) {
#if defined(__GNUC__)
  int status = 0;
  const std::unique_ptr<char, void (*)(void *)> name(
      abi::__cxa_demangle(typeid(error).name(), nullptr, nullptr, &status), std::free);
  if (name) return name.get();
#endif
  return typeid(error).name();
}

inline int32_t fail(duetime_call *call, int32_t status, const std::exception &error) {
  duetime_call_set_error(call, class_of(error).c_str(), error.what(), nullptr);
  return status;
}

inline int32_t run_task(void *task, duetime_call *handle) noexcept {
  Call call(handle);
  try {
    (*static_cast<Task *>(task))(call);
    return DUETIME_TASK_SUCCEEDED;
  } catch (const CannotRun &error) {
    return fail(handle, DUETIME_TASK_CANNOT_RUN, error);
  } catch (const std::exception &error) {
    return fail(handle, DUETIME_TASK_FAILED, error);
  } catch (...) {
    duetime_call_set_error(handle, "unknown", "the task threw what is no std::exception", nullptr);
    return DUETIME_TASK_FAILED;
  }
}

template <class Function>
void destroy_function(void *function) noexcept {
  delete static_cast<Function *>(function);
}

}  // namespace detail
}  // namespace v0
}  // namespace duetime

#endif
