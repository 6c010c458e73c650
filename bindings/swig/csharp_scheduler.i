// The scheduler for .NET. Functions of the language cross as pairs: a C function that is the same for all of a kind,
// and user data that says which. The engine owns the user data from the call on and releases it once, also if that
// fails.
%define POINTER(TYPE)
%typemap(ctype) TYPE "void *"
%typemap(imtype) TYPE "global::System.IntPtr"
%typemap(cstype) TYPE "global::System.IntPtr"
%typemap(csin) TYPE "$csinput"
%typemap(csout, excode=SWIGEXCODE) TYPE { global::System.IntPtr result = $imcall;$excode return result; }
%typemap(in) TYPE %{ $1 = static_cast<$1_ltype>($input); %}
%typemap(out, null="0") TYPE %{ $result = const_cast<void *>(static_cast<const void *>($1)); %}
%enddef

%define FUNCTION(TYPE, DELEGATE)
%typemap(ctype) TYPE "TYPE"
%typemap(imtype) TYPE "global::Duetime.DELEGATE"
%typemap(cstype) TYPE "global::Duetime.DELEGATE"
%typemap(csin) TYPE "$csinput"
%typemap(in) TYPE %{ $1 = $input; %}
%enddef

%define ENUMERATION(TYPE, NAME)
%typemap(ctype) TYPE "int"
%typemap(imtype) TYPE "int"
%typemap(cstype) TYPE "global::Duetime.NAME"
%typemap(csin) TYPE "(int)$csinput"
%typemap(csout, excode=SWIGEXCODE) TYPE { int result = $imcall;$excode return (global::Duetime.NAME)result; }
%typemap(csvarin, excode=SWIGEXCODE2) TYPE %{ set { $imcall;$excode } %}
%typemap(csvarout, excode=SWIGEXCODE2) TYPE %{
    get { int result = $imcall;$excode return (global::Duetime.NAME)result; } %}
%typemap(in) TYPE %{ $1 = static_cast<TYPE>($input); %}
%typemap(out, null="0") TYPE %{ $result = static_cast<int>($1); %}
%enddef

POINTER(void *)
POINTER(const void *)
POINTER(duetime_call *)
POINTER(const duetime_call *)
FUNCTION(duetime_release_fn, NativeRelease)
FUNCTION(duetime_task_fn, NativeTask)
FUNCTION(duetime_task_resolver_fn, NativeTaskResolver)
FUNCTION(duetime_listener_fn, NativeListener)
FUNCTION(duetime_log_fn, NativeLog)
ENUMERATION(duetime::v0::LogLevel, LogLevel)
ENUMERATION(duetime::v0::SchedulerState, SchedulerState)
ENUMERATION(duetime::v0::JobStatus, JobStatus)
ENUMERATION(duetime::v0::RunState, RunState)
INTERNAL_LIST(std::string)
INTERNAL_LIST(duetime::v0::Job)
INTERNAL_LIST(duetime::v0::NewJob)
INTERNAL_LIST(duetime::v0::ParkedJob)
INTERNAL_LIST(duetime::v0::Run)
INTERNAL_LIST(duetime::v0::Scheduler *)

// Bytes that the call reads, not NULL.
%typemap(ctype) const void *BYTES "const void *"
%typemap(imtype) const void *BYTES "byte[]"
%typemap(cstype) const void *BYTES "byte[]"
%typemap(in) const void *BYTES %{ $1 = const_cast<void *>($input); %}

%typemap(ctype) size_t *out_size "size_t *"
%typemap(imtype) size_t *out_size "out global::System.UIntPtr"
%typemap(cstype) size_t *out_size "out global::System.UIntPtr"
%typemap(csin) size_t *out_size "out $csinput"
%typemap(in) size_t *out_size %{ $1 = $input; %}

// Text that the engine keeps for as long as the call or event lives that it is of.
%typemap(ctype) const char * "const char *"
%typemap(imtype, out="global::System.IntPtr") const char * "byte[]"
%typemap(cstype) const char * "string"
%typemap(csin) const char * "global::Duetime.Utf8.ToNative($csinput)"
%typemap(csout, excode=SWIGEXCODE) const char * {
    global::System.IntPtr result = $imcall;$excode
    return global::Duetime.Utf8.Read(result);
  }
%typemap(csvarout, excode=SWIGEXCODE2) const char * %{ get {
      global::System.IntPtr result = $imcall;$excode
      return global::Duetime.Utf8.Read(result);
    } %}
%typemap(in) const char * %{ $1 = const_cast<char *>($input); %}
%typemap(out, null="0") const char * %{ $result = $1; %}

%{
namespace {

duetime::Job *copy_of(const std::optional<duetime::Job> &job) { return job ? new duetime::Job(*job) : nullptr; }

}  // namespace
%}
%typemap(ctype) std::optional<duetime::v0::Job> "void *"
%typemap(imtype) std::optional<duetime::v0::Job> "global::System.IntPtr"
%typemap(cstype) std::optional<duetime::v0::Job> "NativeJob"
%typemap(csout, excode=SWIGEXCODE) std::optional<duetime::v0::Job> {
    global::System.IntPtr result = $imcall;$excode
    return result == global::System.IntPtr.Zero ? null : new NativeJob(result, true);
  }
%typemap(out, null="0") std::optional<duetime::v0::Job> %{ $result = copy_of($1); %}

// --- what tasks and listeners are given: of the C ABI itself

#define DUETIME_API
%import "duetime/common.h"

%ignore duetime_call_live_payload;
%ignore duetime_call_set_result;
%include "duetime/task.h"

%rename(NativeEvent) duetime_event;
%immutable duetime_event::code;  // and all that follows
%ignore duetime_event::struct_size;
%ignore duetime_event::scheduled_times;
%ignore duetime_event::result;
%immutable;
%include "duetime/event.h"
%mutable;
%extend duetime_event {
  int64_t scheduled_time(size_t index) const { return $self->scheduled_times[index]; }
}

// --- the scheduler

%ignore duetime::v0::JobStatus;
%ignore duetime::v0::Payload;
%ignore duetime::v0::JobOptions::payload;
%ignore duetime::v0::JobChanges::coalesce;
%ignore duetime::v0::JobChanges::max_instances;
%ignore duetime::v0::JobChanges::recover;
%ignore duetime::v0::JobChanges::misfire_grace;
%ignore duetime::v0::JobChanges::trigger;
%ignore duetime::v0::JobChanges::tags;
%ignore duetime::v0::JobChanges::payload;
%ignore duetime::v0::Job::payload;
%ignore duetime::v0::Job::handle;
%ignore duetime::v0::Job::adopt;
%ignore duetime::v0::RunState;
%ignore duetime::v0::RunFilter::state;
%ignore duetime::v0::to_string;
%ignore duetime::v0::kUnlimited;
%ignore duetime::v0::ManualClock::handle;
%ignore duetime::v0::ProcessPoolOptions::setup;
%ignore duetime::v0::LogLevel;
%ignore duetime::v0::SchedulerState;
%ignore duetime::v0::SchedulerOptions::clock;
%ignore duetime::v0::SchedulerOptions::log;
%ignore duetime::v0::NewJob::trigger;
%ignore duetime::v0::NewJob::options;
%ignore duetime::v0::Scheduler::handle;
%ignore duetime::v0::Scheduler::register_task;
%ignore duetime::v0::Scheduler::set_task_resolver;
%ignore duetime::v0::Scheduler::add_listener;

namespace duetime {
inline namespace v0 {
using Task = std::function<void(Call &)>;  // for SWIG to know that it is a type
}
}

%template(NativeTexts) std::vector<std::string>;

%include "duetime/job.hpp"
%include "duetime/run.hpp"
%include "duetime/clock.hpp"
%include "duetime/process_pool.hpp"
%template(NativeJobs) std::vector<duetime::v0::Job>;
%template(NativeNewJobs) std::vector<duetime::v0::NewJob>;
%template(NativeParkedJobs) std::vector<duetime::v0::ParkedJob>;
%template(NativeRuns) std::vector<duetime::v0::Run>;
%template(NativeSchedulers) std::vector<duetime::v0::Scheduler *>;
%include "duetime/scheduler.hpp"

%extend duetime::v0::Trigger {
  duetime::v0::Trigger copy() const { return *$self; }
}

%extend duetime::v0::JobOptions {
  void set_payload(const std::string &encoding, const void *BYTES, size_t size) {
    $self->payload = {encoding, std::string(static_cast<const char *>(BYTES), size)};
  }
}

%extend duetime::v0::JobChanges {
  void set_coalesce(bool coalesce) { $self->coalesce = coalesce; }
  void set_max_instances(int32_t most) { $self->max_instances = most; }
  void set_recover(bool recover) { $self->recover = recover; }
  void set_misfire_grace(duetime::v0::Duration grace) { $self->misfire_grace = grace; }
  void set_trigger(const duetime::v0::Trigger &trigger) { $self->trigger = trigger; }
  void set_tags(const std::vector<std::string> &tags) { $self->tags = tags; }
  void set_payload(const std::string &encoding, const void *BYTES, size_t size) {
    $self->payload = {encoding, std::string(static_cast<const char *>(BYTES), size)};
  }
}

%extend duetime::v0::Job {
  duetime::v0::Job copy() const { return *$self; }
  std::string payload_encoding() const { return duetime_job_payload_encoding($self->handle()); }
  const void *payload_data() const { return duetime_job_payload($self->handle(), nullptr); }
  size_t payload_size() const {
    size_t size = 0;
    duetime_job_payload($self->handle(), &size);
    return size;
  }
}

%extend duetime::v0::RunFilter {
  void set_state(duetime::v0::RunState state) { $self->state = state; }
}

%extend duetime::v0::ProcessPoolOptions {
  void set_setup(const void *BYTES, size_t size) { $self->setup.assign(static_cast<const char *>(BYTES), size); }
}

%extend duetime::v0::NewJob {
  NewJob(const duetime::v0::Trigger &trigger, const duetime::v0::JobOptions &options) {
    return new duetime::NewJob{trigger, options};
  }
}

%extend duetime::v0::SchedulerOptions {
  void set_clock(const duetime::v0::ManualClock &clock) { $self->clock = clock; }
  void set_log(duetime_log_fn log, void *user_data, duetime_release_fn release) {
    $self->log = [log, owner = std::shared_ptr<void>(user_data, release)](
                     duetime::LogLevel level, const std::string &logger, const std::string &message) {
      log(owner.get(), static_cast<int32_t>(level), logger.c_str(), message.c_str());
    };
  }
}

%extend duetime::v0::Scheduler {
  Scheduler(const std::string &json, const duetime::v0::SchedulerOptions &options) {
    return new duetime::Scheduler(duetime::Scheduler::from_json(json, options));
  }
  void register_function(const std::string &name, duetime_task_fn task, void *user_data, duetime_release_fn release) {
    duetime::detail::check(
        duetime_scheduler_register_task($self->handle(), name.c_str(), task, user_data, release));
  }
  void set_resolver(duetime_task_resolver_fn resolver, void *user_data, duetime_release_fn release) {
    duetime::detail::check(duetime_scheduler_set_task_resolver($self->handle(), resolver, user_data, release));
  }
  uint64_t listen(uint64_t mask, duetime_listener_fn listener, void *user_data, duetime_release_fn release) {
    uint64_t id = 0;
    duetime::detail::check(
        duetime_scheduler_add_listener($self->handle(), mask, listener, user_data, release, &id));
    return id;
  }

  // Ends it, now: calls that other threads have under way end in their own time, later ones throw kStaleHandle.
  // The object itself stays for as long as somebody may call it.
  void destroy() { duetime_scheduler_destroy($self->handle()); }
}
