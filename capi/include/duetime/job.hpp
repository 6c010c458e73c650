// Jobs: what Scheduler::add_job() is told, and the snapshots that queries answer.
#ifndef DUETIME_JOB_HPP
#define DUETIME_JOB_HPP

#include <duetime/job.h>
#include <duetime/common.hpp>
#include <duetime/trigger.hpp>

#include <utility>
#include <vector>

namespace duetime {
inline namespace v0 {

// As a misfire grace: a run may start however late it is. As a timeout: wait as long as it takes.
inline constexpr Duration kUnlimited{DUETIME_DURATION_UNLIMITED};

// What a task gets: bytes and how to read them. Nodes of all languages read "json" payloads of the form
// {"args": [...], "kwargs": {...}} (docs/job_document.md).
struct Payload {
  std::string encoding = "none";
  std::string data;

  static Payload json(std::string text) { return {"json", std::move(text)}; }
};

// Everything about a job but its trigger.
struct JobOptions {
  std::string id;    // 1 to 191 bytes; "": a random one
  std::string name;  // "": the task's name
  std::string task;  // as registered; not empty
  std::string executor = "default";
  std::string store = "default";
  bool coalesce = true;       // several due fires become one run, the latest
  int32_t max_instances = 1;  // over all nodes that share the store
  bool recover = false;       // run again when the node that ran it died
  bool replace = false;  // overwrite a job of the same id instead of kConflict. If its trigger is the same
                         // and it is to start as that says, the job stays where it stands
  bool paused = false;   // until it is resumed
  Duration misfire_grace = std::chrono::seconds(1);  // at least 1 us, or kUnlimited
  std::optional<TimePoint> next_run_time;            // none: the trigger's first fire
  std::vector<std::string> tags;
  Payload payload;
};

// What Scheduler::modify_job() changes: what is not given stays.
struct JobChanges {
  std::optional<std::string> name;
  std::optional<std::string> task;
  std::optional<std::string> executor;
  std::optional<bool> coalesce;
  std::optional<int32_t> max_instances;
  std::optional<bool> recover;
  std::optional<Duration> misfire_grace;
  std::optional<Trigger> trigger;  // leaves the next run time alone, unless `reschedule`
  bool reschedule = false;         // the next run time becomes the trigger's first fire from now
  std::optional<TimePoint> next_run_time;
  std::optional<std::vector<std::string>> tags;
  std::optional<Payload> payload;
};

enum class JobStatus : int32_t {
  kScheduled = DUETIME_JOB_SCHEDULED,
  kPaused = DUETIME_JOB_PAUSED,
  kFinishing = DUETIME_JOB_FINISHING,   // its trigger is spent; it leaves when its last run has ended
  kUnreadable = DUETIME_JOB_UNREADABLE  // cannot be read here; only id, store and error are known
};

// A snapshot of a job as its store had it; it does not change. Copies share it; any thread may use any copy.
// A moved-from job can only be destroyed or assigned to.
class Job {
 public:
  std::string id() const { return text(duetime_job_id); }
  std::string name() const { return text(duetime_job_name); }
  std::string task() const { return text(duetime_job_task); }
  std::string executor() const { return text(duetime_job_executor); }
  std::string store() const { return text(duetime_job_store); }
  std::string error() const { return text(duetime_job_error); }  // "" unless kUnreadable
  JobStatus status() const { return static_cast<JobStatus>(duetime_job_status(handle())); }
  bool coalesce() const { return duetime_job_coalesce(handle()) != 0; }
  int32_t max_instances() const { return duetime_job_max_instances(handle()); }
  bool recover() const { return duetime_job_recover(handle()) != 0; }
  Duration misfire_grace() const { return Duration(duetime_job_misfire_grace(handle())); }

  // None while it is paused, or when it is spent.
  std::optional<TimePoint> next_run_time() const {
    return detail::to_optional(duetime_job_next_run_time(handle()));
  }

  std::vector<std::string> tags() const {
    std::vector<std::string> tags;
    for (uint32_t i = 0; i < duetime_job_tag_count(handle()); ++i) {
      tags.emplace_back(duetime_job_tag(handle(), i));
    }
    return tags;
  }

  Payload payload() const {
    std::size_t size = 0;
    const auto *data = static_cast<const char *>(duetime_job_payload(handle(), &size));
    return {text(duetime_job_payload_encoding), data ? std::string(data, size) : std::string()};
  }

  Trigger trigger() const {
    duetime_trigger *trigger = nullptr;
    detail::check(duetime_job_trigger(handle(), &trigger));
    return Trigger::adopt(trigger);
  }

  // The job document. Throws kUnsupported for a payload that is an object of another language.
  std::string to_json() const {
    char *json = nullptr;
    detail::check(duetime_job_to_json(handle(), &json));
    return detail::take_text(json);
  }

  // For functions of the C ABI; lives as long as this job or a copy of it.
  const duetime_job *handle() const noexcept { return handle_.get(); }

  // Takes over what a function of the C ABI gave.
  static Job adopt(duetime_job *handle) { return Job(handle); }

 private:
  explicit Job(duetime_job *handle) : handle_(handle, duetime_job_destroy) {}

  std::string text(const char *(*getter)(const duetime_job *)) const {
    const char *text = getter(handle());
    return text ? text : "";
  }

  std::shared_ptr<duetime_job> handle_;
};

// What is not given excludes nothing; unreadable jobs have neither tags nor task nor executor.
struct JobFilter {
  std::optional<std::string> tag;  // one of the job's
  std::optional<std::string> task;
  std::optional<std::string> executor;
  std::optional<std::string> after_id;  // only ids that are greater, by their bytes
  uint64_t limit = UINT64_MAX;          // at most so many, at least 1
};

namespace detail {

inline duetime_job_filter to_c(const JobFilter &filter) {
  duetime_job_filter c = DUETIME_JOB_FILTER_INIT;
  c.tag = to_c(filter.tag);
  c.task = to_c(filter.task);
  c.executor = to_c(filter.executor);
  c.after_id = to_c(filter.after_id);
  c.limit = filter.limit;
  return c;
}

// All of a list, which is taken over.
inline std::vector<Job> take_jobs(duetime_job_list *list) {
  const std::unique_ptr<duetime_job_list, void (*)(duetime_job_list *)> owner(list, duetime_job_list_destroy);
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < duetime_job_list_size(list); ++i) {
    duetime_job *handle = nullptr;
    check(duetime_job_list_at(list, i, &handle));
    jobs.push_back(Job::adopt(handle));
  }
  return jobs;
}

// What the C ABI reads, for as long as the texts live that it was made of.
class CJobOptions {
 public:
  explicit CJobOptions(const JobOptions &options) {
    c_.id = to_c(options.id);
    c_.name = options.name.empty() ? nullptr : to_c(options.name);
    c_.task = to_c(options.task);
    c_.executor = to_c(options.executor);
    c_.store = to_c(options.store);
    c_.coalesce = options.coalesce;
    c_.max_instances = options.max_instances;
    c_.recover = options.recover;
    c_.replace = options.replace;
    c_.misfire_grace = to_c(options.misfire_grace);
    if (options.next_run_time) c_.next_run_time = to_c(*options.next_run_time);
    if (options.paused) c_.next_run_time = DUETIME_TIME_NONE;
    set_tags(options.tags);
    set_payload(options.payload);
  }

  explicit CJobOptions(const JobChanges &changes) {
    change(DUETIME_JOB_NAME, changes.name, [&](const std::string &name) { c_.name = to_c(name); });
    change(DUETIME_JOB_TASK, changes.task, [&](const std::string &task) { c_.task = to_c(task); });
    change(DUETIME_JOB_EXECUTOR, changes.executor,
           [&](const std::string &alias) { c_.executor = to_c(alias); });
    change(DUETIME_JOB_COALESCE, changes.coalesce, [&](bool coalesce) { c_.coalesce = coalesce; });
    change(DUETIME_JOB_MAX_INSTANCES, changes.max_instances, [&](int32_t most) { c_.max_instances = most; });
    change(DUETIME_JOB_RECOVER, changes.recover, [&](bool recover) { c_.recover = recover; });
    change(DUETIME_JOB_MISFIRE_GRACE, changes.misfire_grace,
           [&](Duration grace) { c_.misfire_grace = to_c(grace); });
    change(DUETIME_JOB_NEXT_RUN_TIME, changes.next_run_time,
           [&](TimePoint time) { c_.next_run_time = to_c(time); });
    change(DUETIME_JOB_TAGS, changes.tags, [&](const std::vector<std::string> &tags) { set_tags(tags); });
    change(DUETIME_JOB_PAYLOAD, changes.payload, [&](const Payload &payload) { set_payload(payload); });
    if (changes.reschedule) fields_ |= DUETIME_JOB_NEXT_RUN_TIME;
  }

  const duetime_job_options &c() const { return c_; }
  uint32_t fields() const { return fields_; }

 private:
  template <class Value, class Set>
  void change(uint32_t field, const std::optional<Value> &value, const Set &set) {
    if (!value) return;
    set(*value);
    fields_ |= field;
  }

  void set_tags(const std::vector<std::string> &tags) {
    for (const std::string &tag : tags) tags_.push_back(to_c(tag));
    c_.tags = tags_.data();
    c_.tag_count = static_cast<uint32_t>(tags_.size());
  }

  void set_payload(const Payload &payload) {
    c_.payload_encoding = to_c(payload.encoding);
    c_.payload = payload.data.data();
    c_.payload_size = payload.data.size();
  }

  duetime_job_options c_ = DUETIME_JOB_OPTIONS_INIT;
  std::vector<const char *> tags_;
  uint32_t fields_ = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace duetime

#endif
