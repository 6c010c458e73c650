// How the types of the C++ interface cross to .NET. Text crosses as UTF-8 bytes that end with NUL: what P/Invoke makes
// of strings depends on the platform.
%{
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
%}

// A failed call leaves its exception with the runtime before it returns; the plain layer throws it then.
%insert(runtime) %{
typedef void (SWIGSTDCALL *DuetimeRaise)(int status, const char *message);
static DuetimeRaise SWIG_CSharpSetPendingExceptionDuetime = nullptr;

extern "C" SWIGEXPORT void SWIGSTDCALL DuetimeRegisterRaise(DuetimeRaise raise) {
  SWIG_CSharpSetPendingExceptionDuetime = raise;
}
%}

%{
namespace {

// For catch (...): the C++ exception under way becomes a DuetimeException.
void raise_current() {
  const auto raise = [](duetime::ErrorCode code, const char* message) {
    SWIG_CSharpSetPendingExceptionDuetime(static_cast<int>(code), message);
  };
  try {
    throw;
  } catch (const duetime::Error& error) {
    raise(error.code(), error.what());
  } catch (const std::bad_alloc& error) {
    raise(duetime::ErrorCode::kNoMemory, error.what());
  } catch (const std::exception& error) {
    raise(duetime::ErrorCode::kInternal, error.what());
  }
}

// Freed with DuetimeFreeText(). NULL if there is no room.
char* copy_of(const std::string& text) { return strdup(text.c_str()); }

}  // namespace

extern "C" SWIGEXPORT void SWIGSTDCALL DuetimeFreeText(void* text) { std::free(text); }
%}

%pragma(csharp) imclasscode=%{
  internal static readonly global::Duetime.NativeErrors errors = new global::Duetime.NativeErrors();
%}

%exception %{
  try {
    $action
  } catch (...) {
    raise_current();  // SWIG_CSharpSetPendingException: SWIG looks for this name to know that calls may throw
    return $null;
  }
%}

// Internal: members keep their C++ names, as SWIG's lists call their own.
%rename("Native%s", %$isclass) "";
%typemap(csclassmodifiers) SWIGTYPE "internal class"
%define INTERNAL_LIST(ELEMENT)
%typemap(csclassmodifiers) std::vector<ELEMENT> "internal class"
%enddef
INTERNAL_LIST(duetime::v0::Trigger)
INTERNAL_LIST(duetime::v0::PreviewedFire)
%pragma(csharp) moduleclassmodifiers="internal class"
%pragma(csharp) imclassclassmodifiers="internal class"

%define MICROSECONDS(TYPE, FROM_C, TO_C)
%typemap(ctype) TYPE, const TYPE& "int64_t"
%typemap(imtype) TYPE, const TYPE& "long"
%typemap(cstype) TYPE, const TYPE& "long"
%typemap(csin) TYPE, const TYPE& "$csinput"
%typemap(csout, excode=SWIGEXCODE) TYPE, const TYPE& { long result = $imcall;$excode return result; }
%typemap(csvarin, excode=SWIGEXCODE2) TYPE, const TYPE& %{ set { $imcall;$excode } %}
%typemap(csvarout, excode=SWIGEXCODE2) TYPE, const TYPE& %{ get { long result = $imcall;$excode return result; } %}
%typemap(in) TYPE %{ $1 = FROM_C($input); %}
%typemap(in) const TYPE& (TYPE value) %{ value = FROM_C($input); $1 = &value; %}
%typemap(out, null="0") TYPE %{ $result = TO_C($1); %}
%typemap(out, null="0") const TYPE& %{ $result = TO_C(*$1); %}
%enddef

%define TEXT(TYPE, FROM_C, TO_C)
%typemap(ctype, out="char *") TYPE, const TYPE& "const char *"
%typemap(imtype, out="global::System.IntPtr") TYPE, const TYPE& "byte[]"
%typemap(cstype) TYPE, const TYPE& "string"
%typemap(csin) TYPE, const TYPE& "global::Duetime.Utf8.ToNative($csinput)"
%typemap(csout, excode=SWIGEXCODE) TYPE, const TYPE& {
    global::System.IntPtr result = $imcall;$excode
    return global::Duetime.Utf8.Take(result);
  }
%typemap(csvarin, excode=SWIGEXCODE2) TYPE, const TYPE& %{ set { $imcall;$excode } %}
%typemap(csvarout, excode=SWIGEXCODE2) TYPE, const TYPE& %{ get {
      global::System.IntPtr result = $imcall;$excode
      return global::Duetime.Utf8.Take(result);
    } %}
%typemap(in) TYPE %{ FROM_C($1, $input); %}
%typemap(in) const TYPE& (TYPE value) %{ FROM_C(value, $input); $1 = &value; %}
%typemap(out, null="0") TYPE %{ $result = TO_C($1); %}
%typemap(out, null="0") const TYPE& %{ $result = TO_C(*$1); %}
%enddef

%define SET_TEXT(value, input) value = input %enddef
%define SET_OPTIONAL_TEXT(value, input) { if (input) value = std::string(input); } %enddef
%define COPY_OPTIONAL_TEXT(value) (value) ? copy_of(*(value)) : nullptr %enddef

TEXT(std::string, SET_TEXT, copy_of)
TEXT(std::optional<std::string>, SET_OPTIONAL_TEXT, COPY_OPTIONAL_TEXT)
MICROSECONDS(duetime::v0::TimePoint, duetime::detail::to_time_point, duetime::detail::to_c)
MICROSECONDS(std::optional<duetime::v0::TimePoint>, duetime::detail::to_optional, duetime::detail::to_c)
MICROSECONDS(duetime::v0::Duration, duetime::Duration, duetime::detail::to_c)
