// From a status of the C ABI to a Python exception, and calls that can block made with the interpreter's lock
// released.
#pragma once

#include <duetime/common.h>
#include <pybind11/pybind11.h>

#include <string>

#include "bindings/python/gil.h"

namespace duetime::python {

// Throws duetime._native.Error with `code` and the text, or the Python exception that a callback of this call
// left behind (keep_callback_error()).
[[noreturn]] void throw_status(duetime_status status, const std::string& message);

// Remembers the Python error that is set, so that the API call that made this callback raises it; outside of
// such a call it is only described. Answers its text. Requires: the lock is held and an error is set.
std::string keep_callback_error();

// For callbacks that have nobody to report an error to. Ctrl-C may strike while one runs in the main thread,
// and must not be lost with it: it is raised again there, after the call.
void discard_callback_error(pybind11::error_already_set& error, const char* where);

// Marks this thread as being inside a call of ours into the library.
class ApiCall {
 public:
  ApiCall() noexcept;
  ~ApiCall();
  ApiCall(const ApiCall&) = delete;
  ApiCall& operator=(const ApiCall&) = delete;
};

inline void check(duetime_status status) {
  if (status != DUETIME_OK) throw_status(status, duetime_last_error_message());
}

// For calls that take no lock and do not wait.
template <class Call>
void call_quick(Call&& call) {
  const ApiCall in_call;
  check(call());
}

// For all others. `call` must not touch Python.
template <class Call>
void call_unlocked(Call&& call) {
  duetime_status status = DUETIME_OK;
  std::string message;
  {
    const ApiCall in_call;
    const GilPause pause;
    status = call();
    if (status != DUETIME_OK) message = duetime_last_error_message();
  }
  if (status != DUETIME_OK) throw_status(status, message);
}

void bind_errors(py::module_& module);

}  // namespace duetime::python
