#include "bindings/python/storages.h"

#include <duetime/plugin.h>

#include <string>

#include "bindings/python/errors.h"
#include "bindings/python/gil.h"

namespace duetime::python {
namespace {

// What the error that is set says of itself; `otherwise` if it says nothing.
duetime_status status_of(py::error_already_set& error, duetime_status otherwise) {
  const py::object status = py::getattr(error.value(), "code", py::none());
  return py::isinstance<py::int_>(status) ? status.cast<duetime_status>() : otherwise;
}

std::string text_of(py::error_already_set& error) {
  const auto type = py::str(error.type().attr("__name__")).cast<std::string>();
  return type + ": " + py::str(error.value()).cast<std::string>();
}

// Calls `body` with the storage. What is raised becomes a status and a text: the engine decides what becomes
// of it, and it may be none of the caller's business.
template <class Body>
duetime_status ask(void* user_data, duetime_status otherwise, const Body& body) noexcept {
  const GilHold hold;
  if (!hold) {
    duetime_plugin_set_error("the Python interpreter is exiting");
    return DUETIME_ERROR_STORE_UNAVAILABLE;
  }
  try {
    return body(py::handle(static_cast<PyObject*>(user_data)));
  } catch (py::error_already_set& error) {
    try {
      const duetime_status status = status_of(error, otherwise);
      duetime_plugin_set_error(text_of(error).c_str());
      return status;
    } catch (...) {
      duetime_plugin_set_error("it raised an exception that cannot be described");
    }
  } catch (const std::exception& error) {
    duetime_plugin_set_error(error.what());
  } catch (...) {
    duetime_plugin_set_error("it failed");
  }
  return otherwise;
}

duetime_status open_storage(void* user_data) {
  return ask(user_data, DUETIME_ERROR_STORE_UNAVAILABLE, [](py::handle storage) {
    storage.attr("open")();
    return DUETIME_OK;
  });
}

void close_storage(void* user_data) {
  ask(user_data, DUETIME_OK, [](py::handle storage) {
    storage.attr("close")();
    return DUETIME_OK;
  });
}

duetime_status storage_now(void* user_data, duetime_time* out_now) {
  return ask(user_data, DUETIME_ERROR_STORE_UNAVAILABLE, [&](py::handle storage) {
    *out_now = storage.attr("now")().cast<duetime_time>();
    return DUETIME_OK;
  });
}

duetime_status draw_numbers(void* user_data, uint32_t count, int64_t* out_first) {
  return ask(user_data, DUETIME_ERROR_STORE_UNAVAILABLE, [&](py::handle storage) {
    *out_first = storage.attr("draw")(count).cast<int64_t>();
    return DUETIME_OK;
  });
}

duetime_status read_records(void* user_data, const char* question) {
  return ask(user_data, DUETIME_ERROR_STORE_UNAVAILABLE, [&](py::handle storage) {
    const auto answer = storage.attr("read")(question).cast<std::string>();
    duetime_plugin_set_answer(answer.c_str());
    return DUETIME_OK;
  });
}

duetime_status write_records(void* user_data, const char* operations) {
  return ask(user_data, DUETIME_ERROR_TIMEOUT, [&](py::handle storage) {
    const bool written = storage.attr("write")(operations).cast<bool>();
    return written ? DUETIME_OK : DUETIME_ERROR_CONFLICT;
  });
}

void tell_forked(void* user_data) {
  ask(user_data, DUETIME_OK, [](py::handle storage) {
    storage.attr("forked")();
    return DUETIME_OK;
  });
}

}  // namespace

void add_python_storage(duetime_scheduler* scheduler, Text alias, Text name, uint32_t max_operations,
                        bool has_clock, py::object storage) {
  duetime_job_store_plugin plugin = {};
  plugin.struct_size = sizeof(plugin);
  plugin.max_operations = max_operations;
  plugin.user_data = storage.release().ptr();
  plugin.release = &release_python_object;
  plugin.open = &open_storage;
  plugin.close = &close_storage;
  plugin.now = has_clock ? &storage_now : nullptr;
  plugin.draw = &draw_numbers;
  plugin.read = &read_records;
  plugin.write = &write_records;
  plugin.forked = &tell_forked;
  call_unlocked([&] { return duetime_scheduler_add_store_plugin(scheduler, alias, name, &plugin); });
}

}  // namespace duetime::python
