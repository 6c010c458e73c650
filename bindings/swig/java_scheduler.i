// The scheduler's plain layer in Java: callbacks are directors (callbacks.hpp), enumerations numbers, options structs
// with setters. What a proxy holds lives as long as the proxy, unless it has delete().
%{
#include "bindings/swig/callbacks.hpp"
#include "bindings/swig/worker_channel.hpp"
%}

%apply int64_t { uint64_t };

// Bytes that are no text.
%typemap(jni) std::string BYTES, const std::string& BYTES "jbyteArray"
%typemap(jtype) std::string BYTES, const std::string& BYTES "byte[]"
%typemap(jstype) std::string BYTES, const std::string& BYTES "byte[]"
%typemap(javain) std::string BYTES, const std::string& BYTES "$javainput"
%typemap(javaout) std::string BYTES, const std::string& BYTES { return $jnicall; }
%apply std::string BYTES { std::string data, std::string setup, std::string payload_data };
%apply std::string BYTES { std::string duetime::swig::WorkerChannel::read };
%apply const std::string& BYTES {
  const std::string& data, const std::string& setup, const std::string& frame, const std::string& event
};

// Text that callbacks are given, and a PackedEvent.
%typemap(directorin, descriptor="Ljava/lang/String;", noblock=1) const std::string& {
  $input = bytes_of(jenv, $1);
  Swig::LocalRefGuard $1_guard(jenv, $input);
}
%typemap(directorin, descriptor="[B", noblock=1) const std::string& event {
  $input = bytes_of(jenv, $1);
  Swig::LocalRefGuard $1_guard(jenv, $input);
}
%typemap(javadirectorin) const std::string& event "$jniinput"
%typemap(javadirectorin) const std::string& "new String($jniinput, java.nio.charset.StandardCharsets.UTF_8)"

%define AS_NUMBER(TYPE)
%typemap(jni) TYPE, const TYPE& "jint"
%typemap(jtype) TYPE, const TYPE& "int"
%typemap(jstype) TYPE, const TYPE& "int"
%typemap(javain) TYPE, const TYPE& "$javainput"
%typemap(javaout) TYPE, const TYPE& { return $jnicall; }
%typemap(in) TYPE %{ $1 = static_cast<$1_ltype>($input); %}
%typemap(in) const TYPE& (TYPE value) %{ value = static_cast<TYPE>($input); $1 = &value; %}
%typemap(out) TYPE %{ $result = static_cast<jint>($1); %}
%typemap(out) const TYPE& %{ $result = static_cast<jint>(*$1); %}
%enddef
AS_NUMBER(duetime::v0::JobStatus)
AS_NUMBER(duetime::v0::RunState)
AS_NUMBER(duetime::v0::SchedulerState)
AS_NUMBER(duetime::v0::LogLevel)
%ignore duetime::v0::JobStatus;
%ignore duetime::v0::RunState;
%ignore duetime::v0::SchedulerState;
%ignore duetime::v0::LogLevel;
%ignore duetime::v0::to_string;

// Freed when its proxy is: calls into it keep that alive.
%define FREED_WITH_ITS_PROXY(TYPE)
%typemap(javabody) TYPE %{
  private final long swigCPtr;

  $javaclassname(long cPtr, boolean cMemoryOwn) {
    swigCPtr = cPtr;
    if (cMemoryOwn) Cleaning.whenForgotten(this, () -> NativeJNI.delete_$javaclassname(cPtr));
  }

  static long getCPtr($javaclassname proxy) {
    return proxy == null ? 0 : proxy.swigCPtr;
  }
%}
%typemap(javadestruct, methodname="", methodmodifiers="") TYPE ""
%enddef
FREED_WITH_ITS_PROXY(duetime::v0::Scheduler)
FREED_WITH_ITS_PROXY(duetime::v0::Job)
FREED_WITH_ITS_PROXY(duetime::v0::ManualClock)
FREED_WITH_ITS_PROXY(duetime::swig::WorkerChannel)

%typemap(javafinalize) std::vector<std::string> ""
%typemap(javafinalize) std::vector<duetime::v0::Job> ""
%typemap(javafinalize) std::vector<duetime::v0::NewJob> ""
%typemap(javafinalize) std::vector<duetime::v0::Run> ""
%typemap(javafinalize) std::vector<duetime::v0::ParkedJob> ""
%typemap(javafinalize) std::vector<duetime::v0::Scheduler*> ""
%template(NativeTexts) std::vector<std::string>;

%copyctor duetime::v0::Job;

// --- jobs

%ignore duetime::v0::kUnlimited;
%ignore duetime::v0::Job::handle;
%ignore duetime::v0::Job::adopt;
%ignore duetime::v0::Payload::json;

// Members of JobChanges that may be absent: only setters.
%define CHANGE(TYPE, NAME)
%ignore duetime::v0::JobChanges::NAME;
%extend duetime::v0::JobChanges {
  void set_##NAME(TYPE value) { $self->NAME = value; }
}
%enddef
CHANGE(bool, coalesce)
CHANGE(int32_t, max_instances)
CHANGE(bool, recover)
CHANGE(const duetime::v0::Trigger&, trigger)
CHANGE(const std::vector<std::string>&, tags)
CHANGE(const duetime::v0::Payload&, payload)
%ignore duetime::v0::JobChanges::misfire_grace;
%extend duetime::v0::JobChanges {
  void set_misfire_grace(int64_t grace) { $self->misfire_grace = duetime::Duration(grace); }
}

// Null where there is none.
%typemap(jni) std::optional<duetime::v0::Job> "jlong"
%typemap(jtype) std::optional<duetime::v0::Job> "long"
%typemap(jstype) std::optional<duetime::v0::Job> "NativeJob"
%typemap(javaout) std::optional<duetime::v0::Job> {
    long found = $jnicall;
    return found == 0 ? null : new NativeJob(found, true);
  }
%typemap(out) std::optional<duetime::v0::Job> {
  const std::optional<duetime::v0::Job>& found = $1;
  *(duetime::v0::Job**)&$result = found ? new duetime::v0::Job(*found) : nullptr;
}

%include "duetime/job.hpp"
%template(NativeJobs) std::vector<duetime::v0::Job>;

// --- tasks

%ignore duetime::v0::CannotRun;
%ignore duetime::v0::Call::Call;
%ignore duetime::v0::Call::handle;
%ignore duetime::v0::Call::payload;
%nodefaultdtor duetime::v0::Call;
%include "duetime/task.hpp"
%extend duetime::v0::Call {
  std::string payload_encoding() const { return duetime_call_payload_encoding($self->handle()); }
  std::string payload_data() const { return $self->payload().data; }
  void set_error(const std::string& kind, const std::string& message, const std::string& traceback) {
    duetime_call_set_error($self->handle(), kind.c_str(), message.c_str(), traceback.c_str());
  }
}

// --- runs

%ignore duetime::v0::RunFilter::state;
%extend duetime::v0::RunFilter {
  void set_state(int32_t state) { $self->state = static_cast<duetime::RunState>(state); }
}
%include "duetime/run.hpp"
%template(NativeRuns) std::vector<duetime::v0::Run>;
%template(NativeParkedJobs) std::vector<duetime::v0::ParkedJob>;

// --- callbacks

%feature("director") duetime::swig::TaskCallback;
%feature("director") duetime::swig::ListenerCallback;
%feature("director") duetime::swig::LogCallback;
%feature("director") duetime::swig::ResolverCallback;

// The classes of io.duetime catch what users' code throws; here arrives what happens before and after, as for want of
// memory. It is told on standard error, and the thread goes on.
%feature("director:except") duetime::swig::TaskCallback::run {
  if (jenv->ExceptionCheck()) {
    jenv->ExceptionDescribe();
    jenv->DeleteLocalRef(swigjobj);
    throw std::runtime_error("the task could not be called, see standard error");
  }
}
%define TELL_EXCEPTION { if (jenv->ExceptionCheck()) jenv->ExceptionDescribe(); } %enddef
%feature("director:except") duetime::swig::ListenerCallback::hear TELL_EXCEPTION
%feature("director:except") duetime::swig::LogCallback::write TELL_EXCEPTION
%feature("director:except") duetime::swig::ResolverCallback::resolve TELL_EXCEPTION

// A director holds its Java object weakly until it is released; from then on until the engine destroys it.
%define GIVEN_TO_THE_ENGINE(TYPE)
%typemap(javain, pre="    if ($javainput != null) $javainput.swigReleaseOwnership();") TYPE*
  "$javaclassname.getCPtr($javainput)"
%enddef
GIVEN_TO_THE_ENGINE(duetime::swig::TaskCallback)
GIVEN_TO_THE_ENGINE(duetime::swig::ListenerCallback)
GIVEN_TO_THE_ENGINE(duetime::swig::LogCallback)
GIVEN_TO_THE_ENGINE(duetime::swig::ResolverCallback)

%ignore duetime::swig::Resolution::release;
%ignore duetime::swig::PackedEvent;
%ignore duetime::swig::run_callback;
%ignore duetime::swig::resolve_callback;
%ignore duetime::swig::destroy_callback;
%ignore duetime::swig::register_task;
%ignore duetime::swig::set_task_resolver;
%ignore duetime::swig::add_listener;
%ignore duetime::swig::log_sink;
%include "bindings/swig/callbacks.hpp"

// --- the scheduler

%ignore duetime::v0::ManualClock::handle;
%include "duetime/clock.hpp"

%include "duetime/process_pool.hpp"

%ignore duetime::v0::SchedulerOptions::log;
%ignore duetime::v0::SchedulerOptions::clock;
%ignore duetime::v0::Scheduler::handle;
%ignore duetime::v0::Scheduler::register_task;
%ignore duetime::v0::Scheduler::set_task_resolver;
%ignore duetime::v0::Scheduler::add_listener;
%ignore duetime::v0::NewJob::trigger;
%ignore duetime::v0::NewJob::options;
%template(NativeNewJobs) std::vector<duetime::v0::NewJob>;
%template(NativeSchedulers) std::vector<duetime::v0::Scheduler*>;
%include "duetime/scheduler.hpp"

%extend duetime::v0::SchedulerOptions {
  void set_clock(const duetime::v0::ManualClock& clock) { $self->clock = clock; }
  void set_log(duetime::swig::LogCallback* log) { $self->log = duetime::swig::log_sink(log); }
}
%extend duetime::v0::NewJob {
  NewJob(const duetime::v0::Trigger& trigger, const duetime::v0::JobOptions& options) {
    return new duetime::NewJob{trigger, options};
  }
}
%extend duetime::v0::Scheduler {
  Scheduler(const std::string& json, const duetime::v0::SchedulerOptions& options) {
    return new duetime::Scheduler(duetime::Scheduler::from_json(json, options));
  }
  void register_callback(const std::string& name, duetime::swig::TaskCallback* task) {
    duetime::swig::register_task(*$self, name, task);
  }
  void set_resolver(duetime::swig::ResolverCallback* resolver) {
    duetime::swig::set_task_resolver(*$self, resolver);
  }
  uint64_t add_callback(uint64_t mask, duetime::swig::ListenerCallback* listener) {
    return duetime::swig::add_listener(*$self, mask, listener);
  }

  // Closes it; calls that come later fail with kStaleHandle.
  void destroy() { duetime_scheduler_destroy($self->handle()); }
}

%include "bindings/swig/worker_channel.hpp"
