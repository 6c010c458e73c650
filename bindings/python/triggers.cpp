#include "bindings/python/triggers.h"

#include <duetime/plugin.h>
#include <pybind11/stl.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/python/errors.h"
#include "bindings/python/gil.h"
#include "bindings/python/jobs.h"
#include "bindings/python/strings.h"
#include "bindings/python/times.h"

namespace duetime::python {
namespace {

using OptionalText = std::optional<std::string>;

const char* text_or_null(const OptionalText& text) { return text ? text->c_str() : nullptr; }

TriggerHandle make_date(const py::object& run_time, Text zone) {
  const duetime_time time = to_time(run_time);
  duetime_trigger* handle = nullptr;
  call_quick([&] { return duetime_trigger_create_date(time, zone, &handle); });
  return std::make_unique<Trigger>(handle);
}

TriggerHandle make_interval(duetime_duration interval, const py::object& start, const py::object& end,
                            duetime_duration jitter, Text zone) {
  duetime_interval_options options = DUETIME_INTERVAL_OPTIONS_INIT;
  options.interval = interval;
  options.start = to_time_or_none(start);
  options.end = to_time_or_none(end);
  options.jitter = jitter;
  options.timezone = zone;
  duetime_trigger* handle = nullptr;
  call_quick([&] { return duetime_trigger_create_interval(&options, &handle); });
  return std::make_unique<Trigger>(handle);
}

// `fields`: year, month, day, week, day_of_week, hour, minute, second; None takes the default.
TriggerHandle make_cron(const std::array<OptionalText, 8>& fields, const py::object& start,
                        const py::object& end, duetime_duration jitter, Text zone, int dst) {
  duetime_cron_options options = DUETIME_CRON_OPTIONS_INIT;
  options.dst = dst;
  options.year = text_or_null(fields[0]);
  options.month = text_or_null(fields[1]);
  options.day = text_or_null(fields[2]);
  options.week = text_or_null(fields[3]);
  options.day_of_week = text_or_null(fields[4]);
  options.hour = text_or_null(fields[5]);
  options.minute = text_or_null(fields[6]);
  options.second = text_or_null(fields[7]);
  options.timezone = zone;
  options.start = to_time_or_none(start);
  options.end = to_time_or_none(end);
  options.jitter = jitter;
  duetime_trigger* handle = nullptr;
  call_unlocked([&] { return duetime_trigger_create_cron(&options, &handle); });  // may read a zone's file
  return std::make_unique<Trigger>(handle);
}

TriggerHandle trigger_from_document(const std::string& document) {
  duetime_trigger* handle = nullptr;
  call_unlocked([&] { return duetime_trigger_create_from_json(document.c_str(), &handle); });
  return std::make_unique<Trigger>(handle);
}

TriggerHandle make_rrule(const std::string& lines, const std::string& zone) {
  duetime_trigger* handle = nullptr;
  call_unlocked([&] { return duetime_trigger_create_rrule(lines.c_str(), zone.c_str(), &handle); });
  return std::make_unique<Trigger>(handle);
}

std::string document_of(const Trigger& trigger) {
  char* json = nullptr;
  call_quick([&] { return duetime_trigger_to_json(trigger.get(), &json); });
  return take_text(json);
}

py::object next_fire_time(const Trigger& trigger, py::handle previous, py::handle now, py::handle zone) {
  const duetime_time previous_time = to_time_or_none(previous);
  const duetime_time now_time = now.is(previous) ? previous_time : to_time(now);
  duetime_time next = DUETIME_TIME_NONE;
  call_quick([&] { return duetime_trigger_next_fire_time(trigger.get(), previous_time, now_time, &next); });
  return to_datetime(next, zone);
}

// A method as CPython's own types have them: of all calls this one is made most, and the dispatch of pybind11
// takes longer than the engine. The descriptor has checked that `self` is a Trigger.
PyObject* next_fire_time_method(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  try {
    if (count != 3) throw py::type_error("next_fire_time() takes previous, now and zone");
    const auto& trigger = py::cast<const Trigger&>(py::handle(self));
    return next_fire_time(trigger, arguments[0], arguments[1], arguments[2]).release().ptr();
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const py::builtin_exception& error) {
    error.set_error();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

PyMethodDef next_fire_time_definition = {
    "next_fire_time", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&next_fire_time_method)),
    METH_FASTCALL, "next_fire_time(previous, now, zone): the first fire after `previous`, or None"};

void add_next_fire_time(py::handle type) {
  PyObject* method =
      PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type.ptr()), &next_fire_time_definition);
  if (method == nullptr) throw py::error_already_set();
  type.attr("next_fire_time") = py::reinterpret_steal<py::object>(method);
}

std::string explain(const Trigger& trigger) {
  char* text = nullptr;
  call_quick([&] { return duetime_trigger_explain(trigger.get(), &text); });
  return take_text(text);
}

// (time, wall time, transition or None, offset before, offset after) of each fire.
py::list preview(const Trigger& trigger, const py::object& now, std::size_t count) {
  std::vector<duetime_previewed_fire> fires(count);
  const duetime_time start = to_time(now);
  std::size_t found = 0;
  call_unlocked([&] { return duetime_trigger_preview(trigger.get(), start, count, fires.data(), &found); });
  py::list result;
  for (std::size_t i = 0; i < found; ++i) {
    const duetime_previewed_fire& fire = fires[i];
    result.append(py::make_tuple(fire.time, fire.wall_time, time_or_none(fire.transition), fire.offset_before,
                                 fire.offset_after));
  }
  return result;
}

// --- triggers written in Python ------------------------------------------------------------------

// What the engine's calls of Python have in common: `call` gets the callable that user_data is. 0, or 1 with
// the error kept for the caller.
template <class Call>
int32_t answer_from_python(void* user_data, const Call& call) {
  const GilHold hold;
  if (!hold) {
    duetime_plugin_set_error("the Python interpreter is exiting");
    return 1;
  }
  try {
    call(py::handle(static_cast<PyObject*>(user_data)));
    return 0;
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_TypeError, error.what());
  }
  duetime_plugin_set_error(keep_callback_error().c_str());
  return 1;
}

// user_data is a Python callable (previous, now) -> next, in microseconds or None.
int32_t plugin_next_fire_time(void* user_data, duetime_time previous, duetime_time now,
                              duetime_time* out_fire_time) {
  return answer_from_python(user_data, [&](py::handle trigger) {
    const py::object next = trigger(time_or_none(previous), now);
    *out_fire_time = next.is_none() ? DUETIME_TIME_NONE : next.cast<duetime_time>();
  });
}

duetime_trigger_plugin plugin_of(py::object next) {
  return {sizeof(duetime_trigger_plugin), 0, next.release().ptr(), &release_python_object,
          &plugin_next_fire_time};
}

TriggerHandle make_plugin(py::object next, const std::string& document) {
  const duetime_trigger_plugin plugin = plugin_of(std::move(next));
  duetime_trigger* handle = nullptr;
  call_quick([&] { return duetime_trigger_create_plugin(&plugin, document.c_str(), &handle); });
  return std::make_unique<Trigger>(handle);
}

// user_data is a Python callable (document) -> callable, as make_plugin() takes.
int32_t factory_make(void* user_data, const char* document, duetime_trigger_plugin* out_plugin) {
  return answer_from_python(user_data,
                            [&](py::handle factory) { *out_plugin = plugin_of(factory(document)); });
}

void register_trigger_type(const std::string& type, py::object make) {
  const duetime_trigger_factory factory = {sizeof(duetime_trigger_factory), 0, make.release().ptr(),
                                           &release_python_object, &factory_make};
  call_unlocked([&] { return duetime_register_trigger_type(type.c_str(), &factory); });
}

// user_data is a Python callable (microseconds) -> seconds.
int32_t zone_utc_offset(void* user_data, duetime_time time, int32_t* out_offset) {
  return answer_from_python(user_data,
                            [&](py::handle offset_at) { *out_offset = offset_at(time).cast<int32_t>(); });
}

void register_time_zone(const std::string& name, const py::object& offset_at) {
  call_unlocked([&] { return duetime_register_time_zone(name.c_str(), &zone_utc_offset, offset_at.ptr()); });
}

void reload_time_zones() {
  call_unlocked([] { return duetime_reload_time_zones(); });
}

void set_time_zone_path(const std::vector<std::string>& directories) {
  std::vector<const char*> pointers;
  for (const std::string& directory : directories) pointers.push_back(directory.c_str());
  call_unlocked([&] { return duetime_set_time_zone_path(pointers.data(), pointers.size()); });
}

}  // namespace

void bind_triggers(py::module_& module) {
  py::class_<Trigger> type(module, "Trigger", "A rule that says when. Immutable.");
  type.def_static("date", &make_date, py::arg("run_time"), py::arg("zone"))
      .def_static("interval", &make_interval, py::arg("interval"), py::arg("start"), py::arg("end"),
                  py::arg("jitter"), py::arg("zone"))
      .def_static("cron", &make_cron, py::arg("fields"), py::arg("start"), py::arg("end"), py::arg("jitter"),
                  py::arg("zone"), py::arg("dst"))
      .def_static("plugin", &make_plugin, py::arg("next"), py::arg("document"))
      .def_static("rrule", &make_rrule, py::arg("lines"), py::arg("zone"))
      .def_static("from_document", &trigger_from_document, py::arg("document"))
      .def_property_readonly("document", &document_of)
      .def("explain", &explain)
      .def("preview", &preview, py::arg("now"), py::arg("count"));
  add_next_fire_time(type);
  module.def("register_trigger_type", &register_trigger_type, py::arg("type"), py::arg("make"));
  module.def("set_time_zone_path", &set_time_zone_path, py::arg("directories"));
  module.def("reload_time_zones", &reload_time_zones);
  module.def("register_time_zone", &register_time_zone, py::arg("name"), py::arg("offset_at"));
  module.attr("DST_VIXIE") = static_cast<int>(DUETIME_DST_VIXIE);
  module.attr("DST_APSCHEDULER") = static_cast<int>(DUETIME_DST_APSCHEDULER);
  module.attr("DST_SKIP") = static_cast<int>(DUETIME_DST_SKIP);
  module.attr("DST_RFC5545") = static_cast<int>(DUETIME_DST_RFC5545);
  module.attr("WALL_UNIQUE") = static_cast<int>(DUETIME_WALL_UNIQUE);
  module.attr("WALL_FIRST_OF_TWO") = static_cast<int>(DUETIME_WALL_FIRST_OF_TWO);
  module.attr("WALL_SECOND_OF_TWO") = static_cast<int>(DUETIME_WALL_SECOND_OF_TWO);
}

}  // namespace duetime::python
