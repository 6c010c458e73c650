#include "bindings/python/errors.h"

#include <utility>

namespace duetime::python {
namespace {

PyObject* error_type = nullptr;  // duetime._native.Error; lives as long as the process

thread_local int api_depth = 0;
thread_local PyObject* callback_error = nullptr;

PyObject* take_current_exception() {
#if PY_VERSION_HEX >= 0x030C0000
  return PyErr_GetRaisedException();
#else
  PyObject *type = nullptr, *value = nullptr, *traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback != nullptr) PyException_SetTraceback(value, traceback);
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  return value;
#endif
}

std::string describe(PyObject* exception) {
  const py::object text = py::reinterpret_steal<py::object>(PyObject_Str(exception));
  const char* characters = text ? PyUnicode_AsUTF8(text.ptr()) : nullptr;
  if (characters == nullptr) PyErr_Clear();
  return std::string(Py_TYPE(exception)->tp_name) + ": " + (characters != nullptr ? characters : "(no text)");
}

[[noreturn]] void raise(py::object exception) {
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
  throw py::error_already_set();
}

}  // namespace

ApiCall::ApiCall() noexcept { ++api_depth; }
ApiCall::~ApiCall() { --api_depth; }

void discard_callback_error(py::error_already_set& error, const char* where) {
  if (error.matches(PyExc_KeyboardInterrupt)) {
    PyErr_SetInterrupt();
  } else {
    error.discard_as_unraisable(where);
  }
}

std::string keep_callback_error() {
  PyObject* exception = take_current_exception();
  const std::string text = describe(exception);
  if (api_depth == 0) {
    Py_DECREF(exception);
  } else {
    Py_XDECREF(std::exchange(callback_error, exception));
  }
  return text;
}

void throw_status(duetime_status status, const std::string& message) {
  const py::object kept = py::reinterpret_steal<py::object>(std::exchange(callback_error, nullptr));
  if (kept && status == DUETIME_ERROR_CALLBACK) raise(kept);
  py::object error = py::reinterpret_borrow<py::object>(error_type)(py::str(message));
  error.attr("code") = status;
  error.attr("name") = duetime_status_name(status);
  raise(error);
}

void bind_errors(py::module_& module) {
  error_type = PyErr_NewExceptionWithDoc(
      "duetime._native.Error",
      "A call into the engine failed. `code` is the C ABI's status, `name` its name.", PyExc_Exception,
      nullptr);
  if (error_type == nullptr) throw py::error_already_set();
  module.add_object("Error", py::reinterpret_borrow<py::object>(error_type));
  for (const duetime_status status :
       {DUETIME_ERROR_INVALID_ARGUMENT, DUETIME_ERROR_NOT_FOUND, DUETIME_ERROR_CONFLICT,
        DUETIME_ERROR_ALREADY_RUNNING, DUETIME_ERROR_NOT_RUNNING, DUETIME_ERROR_STORE_UNAVAILABLE,
        DUETIME_ERROR_STORE_FULL, DUETIME_ERROR_STORE_CORRUPT, DUETIME_ERROR_NEWER_VERSION,
        DUETIME_ERROR_TIMEOUT, DUETIME_ERROR_FORKED, DUETIME_ERROR_STALE_HANDLE, DUETIME_ERROR_CALLBACK,
        DUETIME_ERROR_UNSUPPORTED, DUETIME_ERROR_NO_MEMORY, DUETIME_ERROR_INTERNAL,
        DUETIME_ERROR_MAX_INSTANCES}) {
    module.attr(duetime_status_name(status) + sizeof("DUETIME_") - 1) = status;  // ERROR_NOT_FOUND, ...
  }
}

}  // namespace duetime::python
