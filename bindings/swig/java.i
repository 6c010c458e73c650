// How the types of the C++ interface cross to Java. Text crosses as bytes: JNI's own strings are "modified" UTF-8,
// which the engine would store as it comes.

// Threads of the engine that call Java stay attached until they end, and do not keep the virtual machine from its end.
// Here, not in %{ %}, which would come after the code that asks.
%begin %{
#define SWIG_JAVA_ATTACH_CURRENT_THREAD_AS_DAEMON
#define SWIG_JAVA_DETACH_ON_THREAD_END
%}

%{
#include <cstdint>
#include <string>

namespace {

std::string text_from(JNIEnv* jenv, jbyteArray bytes) {
  std::string text(static_cast<std::size_t>(jenv->GetArrayLength(bytes)), '\0');
  jenv->GetByteArrayRegion(bytes, 0, static_cast<jsize>(text.size()), reinterpret_cast<jbyte*>(text.data()));
  return text;
}

// NULL, with an OutOfMemoryError pending, if there is no room.
jbyteArray bytes_of(JNIEnv* jenv, const std::string& text) {
  const jbyteArray bytes = jenv->NewByteArray(static_cast<jsize>(text.size()));
  if (bytes == nullptr) return nullptr;
  jenv->SetByteArrayRegion(bytes, 0, static_cast<jsize>(text.size()), reinterpret_cast<const jbyte*>(text.data()));
  return bytes;
}

// Whatever fails on the way leaves a Java exception of its own pending.
void raise(JNIEnv* jenv, duetime::ErrorCode code, const std::string& message) {
  const jclass type = jenv->FindClass("io/duetime/DuetimeException");
  if (type == nullptr) return;
  const jmethodID constructor = jenv->GetMethodID(type, "<init>", "(I[B)V");
  const jbyteArray text = constructor == nullptr ? nullptr : bytes_of(jenv, message);
  if (text == nullptr) return;
  const jobject exception = jenv->NewObject(type, constructor, static_cast<jint>(code), text);
  if (exception != nullptr) jenv->Throw(static_cast<jthrowable>(exception));
}

// For catch (...): the C++ exception under way becomes a Java one.
void raise_current(JNIEnv* jenv) {
  try {
    throw;
  } catch (const duetime::Error& error) {
    raise(jenv, error.code(), error.what());
  } catch (const std::bad_alloc& error) {
    raise(jenv, duetime::ErrorCode::kNoMemory, error.what());
  } catch (const std::exception& error) {
    raise(jenv, duetime::ErrorCode::kInternal, error.what());
  }
}

}  // namespace
%}

%exception %{
  try {
    $action
  } catch (...) {
    raise_current(jenv);
    return $null;
  }
%}

// The classes of io.duetime delete what they hold, once.
%typemap(javafinalize) SWIGTYPE ""
%typemap(javafinalize) std::vector<duetime::v0::Trigger> ""
%typemap(javafinalize) std::vector<duetime::v0::PreviewedFire> ""

%pragma(java) jniclasscode=%{
  static {
    NativeLibrary.load();
  }
%}

%rename("%(lowercamelcase)s", %$isfunction) "";
%rename("%(lowercamelcase)s", %$isvariable) "";
%rename("Native%s", %$isclass) "";

%copyctor duetime::v0::Trigger;

%define MICROSECONDS(TYPE, FROM_C, TO_C)
%typemap(jni) TYPE, const TYPE& "jlong"
%typemap(jtype) TYPE, const TYPE& "long"
%typemap(jstype) TYPE, const TYPE& "long"
%typemap(javain) TYPE, const TYPE& "$javainput"
%typemap(javaout) TYPE, const TYPE& { return $jnicall; }
%typemap(in) TYPE %{ $1 = FROM_C($input); %}
%typemap(in) const TYPE& (TYPE value) %{ value = FROM_C($input); $1 = &value; %}
%typemap(out) TYPE %{ $result = TO_C($1); %}
%typemap(out) const TYPE& %{ $result = TO_C(*$1); %}
%enddef

%typemap(jni) std::string, const std::string& "jbyteArray"
%typemap(jtype) std::string, const std::string& "byte[]"
%typemap(jstype) std::string, const std::string& "String"
%typemap(javain) std::string, const std::string& "$javainput.getBytes(java.nio.charset.StandardCharsets.UTF_8)"
%typemap(javaout) std::string, const std::string& {
  return new String($jnicall, java.nio.charset.StandardCharsets.UTF_8);
}
%typemap(in) std::string %{ $1 = text_from(jenv, $input); %}
%typemap(in) const std::string& (std::string value) %{ value = text_from(jenv, $input); $1 = &value; %}
%typemap(out) std::string %{ $result = bytes_of(jenv, $1); %}
%typemap(out) const std::string& %{ $result = bytes_of(jenv, *$1); %}

%typemap(jni) std::optional<std::string>, const std::optional<std::string>& "jbyteArray"
%typemap(jtype) std::optional<std::string>, const std::optional<std::string>& "byte[]"
%typemap(jstype) std::optional<std::string>, const std::optional<std::string>& "String"
%typemap(javain) std::optional<std::string>, const std::optional<std::string>&
  "($javainput == null ? null : $javainput.getBytes(java.nio.charset.StandardCharsets.UTF_8))"
%typemap(javaout) std::optional<std::string>, const std::optional<std::string>& {
  byte[] text = $jnicall;
  return text == null ? null : new String(text, java.nio.charset.StandardCharsets.UTF_8);
}
%typemap(in) const std::optional<std::string>& (std::optional<std::string> value) %{
  if ($input) value = text_from(jenv, $input);
  $1 = &value;
%}
%typemap(in) std::optional<std::string> %{ if ($input) $1 = text_from(jenv, $input); %}
%typemap(out) std::optional<std::string> %{ $result = $1 ? bytes_of(jenv, *$1) : nullptr; %}
%typemap(out) const std::optional<std::string>& %{ $result = *$1 ? bytes_of(jenv, **$1) : nullptr; %}

MICROSECONDS(duetime::v0::TimePoint, duetime::detail::to_time_point, duetime::detail::to_c)
MICROSECONDS(std::optional<duetime::v0::TimePoint>, duetime::detail::to_optional, duetime::detail::to_c)
MICROSECONDS(duetime::v0::Duration, duetime::Duration, duetime::detail::to_c)
