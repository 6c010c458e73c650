// The C++ interface for languages that SWIG speaks: the plain layer, under io.duetime in Java and Duetime in .NET.
// Instants and durations cross as 64-bit microseconds, an absent instant as DUETIME_TIME_NONE; text crosses as UTF-8,
// absent text as null; errors are raised by the call that failed. How, is said by each language's own file.
// Members are set like values, not through pointers to them.
#if defined(SWIGJAVA)
%module(naturalvar = 1, directors = "1") Native
#else
%module(naturalvar = 1) Native
#endif

%{
#include <duetime/duetime.hpp>
%}

%include <stdint.i>
%include <std_vector.i>

#if defined(SWIGJAVA)
%include "bindings/swig/java.i"
#elif defined(SWIGCSHARP)
%include "bindings/swig/csharp.i"
#endif

// Each language has these by hand, in its own manner.
%ignore duetime::v0::detail;
%ignore duetime::v0::Error;
%ignore duetime::v0::ErrorCode;
%ignore duetime::v0::DstPolicy;
%ignore duetime::v0::WallTime;
%ignore duetime::v0::ClockChange;
%ignore duetime::v0::CronOptions::dst;
%ignore duetime::v0::PreviewedFire::time;
%ignore duetime::v0::PreviewedFire::utc_offset;
%ignore duetime::v0::PreviewedFire::wall_time;
%ignore duetime::v0::PreviewedFire::change;
%ignore duetime::v0::Scheduler::from_json;  // a scheduler cannot be copied
%ignore duetime::v0::Trigger::handle;
%ignore duetime::v0::Trigger::adopt;

// Whose constructor classes of the interface have.
%ignore std::runtime_error;
namespace std {
class runtime_error {
 public:
  runtime_error(const std::string& what);
};
}

%include "duetime/common.hpp"

%include "duetime/trigger.hpp"

%extend duetime::v0::CronOptions {
  void set_dst(int32_t policy) { $self->dst = static_cast<duetime::DstPolicy>(policy); }
}

// Offsets are seconds. A fire without a change of the clock answers DUETIME_TIME_NONE and 0.
%extend duetime::v0::PreviewedFire {
  int64_t fires_at() const { return duetime::detail::to_c($self->time); }
  int32_t offset() const { return static_cast<int32_t>($self->utc_offset.count()); }
  int32_t wall() const { return static_cast<int32_t>($self->wall_time); }
  int64_t changes_at() const { return $self->change ? duetime::detail::to_c($self->change->at) : DUETIME_TIME_NONE; }
  int32_t offset_before() const { return $self->change ? static_cast<int32_t>($self->change->before.count()) : 0; }
  int32_t offset_after() const { return $self->change ? static_cast<int32_t>($self->change->after.count()) : 0; }
}

%template(NativeTriggers) std::vector<duetime::v0::Trigger>;
%template(NativePreview) std::vector<duetime::v0::PreviewedFire>;

#if defined(SWIGJAVA)
%include "bindings/swig/java_scheduler.i"
#elif defined(SWIGCSHARP)
%include "bindings/swig/csharp_scheduler.i"
#endif
