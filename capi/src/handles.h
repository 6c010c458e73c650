// What each handle type stands for, and how entry points get at it.
#pragma once

#include <duetime/clock.h>
#include <duetime/execution.h>
#include <duetime/job.h>
#include <duetime/run.h>
#include <duetime/scheduler.h>
#include <duetime/trigger.h>

#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "capi/src/execution.h"
#include "capi/src/handle_table.h"
#include "core/base/error.h"
#include "core/scheduler/scheduler.h"
#include "core/time/clock.h"
#include "core/triggers/trigger.h"

namespace duetime::capi {

struct ClockObject final : HandleObject {
  explicit ClockObject(std::shared_ptr<AnnouncingClock> made) : clock(std::move(made)) {}
  std::shared_ptr<AnnouncingClock> clock;
};

struct TriggerObject final : HandleObject {
  explicit TriggerObject(TriggerPtr made) : trigger(std::move(made)) {}
  TriggerPtr trigger;
};

struct JobObject final : HandleObject {
  explicit JobObject(StoredJob stored_job) : stored(std::move(stored_job)) {}
  StoredJob stored;
};

struct JobListObject final : HandleObject {
  explicit JobListObject(std::vector<StoredJob> listed) : jobs(std::move(listed)) {}
  std::vector<StoredJob> jobs;
};

struct RunListObject final : HandleObject {
  struct Entry {
    explicit Entry(StoreRun listed)
        : run(std::move(listed)), id(to_string(run.record.id)), node(to_string(run.record.owner)) {}
    StoreRun run;
    std::string id;
    std::string node;
  };

  explicit RunListObject(std::vector<StoreRun> listed)
      : runs(std::make_move_iterator(listed.begin()), std::make_move_iterator(listed.end())) {}
  std::vector<Entry> runs;
};

struct ParkedListObject final : HandleObject {
  explicit ParkedListObject(std::vector<ParkedJob> listed) : jobs(std::move(listed)) {}
  std::vector<ParkedJob> jobs;
};

struct SchedulerObject final : HandleObject {
  explicit SchedulerObject(const SchedulerOptions& options) : clock(options.clock), scheduler(options) {}
  std::shared_ptr<Clock> clock;
  Scheduler scheduler;
};

template <class Handle>
struct HandleTraits;

template <>
struct HandleTraits<duetime_clock> {
  using Object = ClockObject;
  static constexpr HandleType kType = HandleType::kClock;
  static constexpr const char* kName = "duetime_clock";
};

template <>
struct HandleTraits<duetime_trigger> {
  using Object = TriggerObject;
  static constexpr HandleType kType = HandleType::kTrigger;
  static constexpr const char* kName = "duetime_trigger";
};

template <>
struct HandleTraits<duetime_job> {
  using Object = JobObject;
  static constexpr HandleType kType = HandleType::kJob;
  static constexpr const char* kName = "duetime_job";
};

template <>
struct HandleTraits<duetime_job_list> {
  using Object = JobListObject;
  static constexpr HandleType kType = HandleType::kJobList;
  static constexpr const char* kName = "duetime_job_list";
};

template <>
struct HandleTraits<duetime_run_list> {
  using Object = RunListObject;
  static constexpr HandleType kType = HandleType::kRunList;
  static constexpr const char* kName = "duetime_run_list";
};

template <>
struct HandleTraits<duetime_parked_list> {
  using Object = ParkedListObject;
  static constexpr HandleType kType = HandleType::kParkedList;
  static constexpr const char* kName = "duetime_parked_list";
};

template <>
struct HandleTraits<duetime_scheduler> {
  using Object = SchedulerObject;
  static constexpr HandleType kType = HandleType::kScheduler;
  static constexpr const char* kName = "duetime_scheduler";
};

template <>
struct HandleTraits<duetime_execution> {
  using Object = ExecutionObject;
  static constexpr HandleType kType = HandleType::kExecution;
  static constexpr const char* kName = "duetime_execution";
};

template <class Handle>
uint64_t key_of(const Handle* handle) {
  return std::bit_cast<uint64_t>(handle);
}

// Null if the handle is not an open one of this type. Otherwise handle_table().release() is due.
template <class Handle>
HandleObject* acquire_handle(const Handle* handle) noexcept {
  if (!HandleTable::has_type(key_of(handle), HandleTraits<Handle>::kType)) return nullptr;
  return handle_table().acquire(key_of(handle));
}

// NULL and stale handles are ignored: destroying twice does nothing.
template <class Handle>
void close_handle(const Handle* handle) noexcept {
  if (HandleTable::has_type(key_of(handle), HandleTraits<Handle>::kType))
    handle_table().close(key_of(handle));
}

[[noreturn]] inline void refuse_handle(bool is_null, const std::string& type) {
  if (is_null) throw Error(ErrorCode::kInvalidArgument, "the " + type + " handle is NULL");
  throw Error(ErrorCode::kStaleHandle, "not an open " + type + " handle: it was destroyed, or never was one");
}

// A use of a handle: its object lives at least as long. Throws kInvalidArgument for NULL, kStaleHandle for
// everything else that is not an open handle of this type.
template <class Handle>
class Use {
 public:
  using Traits = HandleTraits<Handle>;
  using Object = typename Traits::Object;

  explicit Use(const Handle* handle) : key_(key_of(handle)), object_(acquire_handle(handle)) {
    if (object_ == nullptr) refuse_handle(handle == nullptr, Traits::kName);
  }
  ~Use() { handle_table().release(key_); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

  Object* operator->() const { return static_cast<Object*>(object_); }
  Object& operator*() const { return *static_cast<Object*>(object_); }

 private:
  uint64_t key_;
  HandleObject* object_;
};

template <class Handle>
Handle* open_handle(std::unique_ptr<typename HandleTraits<Handle>::Object> object) {
  return std::bit_cast<Handle*>(handle_table().open(HandleTraits<Handle>::kType, std::move(object)));
}

template <class Handle, class... Arguments>
Handle* make_handle(Arguments&&... arguments) {
  using Object = typename HandleTraits<Handle>::Object;
  return open_handle<Handle>(std::make_unique<Object>(std::forward<Arguments>(arguments)...));
}

}  // namespace duetime::capi
