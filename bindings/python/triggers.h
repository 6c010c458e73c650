// Triggers: the engine's own, and those written in Python (plugin.h).
#pragma once

#include <duetime/trigger.h>
#include <pybind11/pybind11.h>

#include <memory>

namespace duetime::python {

namespace py = pybind11;

// Immutable, like the handle it owns.
class Trigger {
 public:
  explicit Trigger(duetime_trigger* handle) : handle_(handle) {}

  const duetime_trigger* get() const { return handle_.get(); }

 private:
  struct Destroy {
    void operator()(duetime_trigger* handle) const { duetime_trigger_destroy(handle); }
  };
  std::unique_ptr<duetime_trigger, Destroy> handle_;
};

using TriggerHandle = std::unique_ptr<Trigger>;

void bind_triggers(py::module_& module);

}  // namespace duetime::python
