#include "bindings/python/gil.h"

#include <atomic>
#include <chrono>

namespace duetime::python {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr auto kFairShare = std::chrono::milliseconds(5);  // sys.getswitchinterval()'s default

std::atomic<bool> closing{false};

bool interpreter_is_finalizing() noexcept {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing() != 0;
#else
  return _Py_IsFinalizing() != 0;
#endif
}

// A thread's own Python thread state, deleted when the thread ends.
class KeptThreadState {
 public:
  ~KeptThreadState() { drop(); }

  void make() noexcept {
    if (PyGILState_GetThisThreadState() != nullptr) return;
    PyGILState_Ensure();
    state_ = PyEval_SaveThread();
  }

  void drop() noexcept {
    PyThreadState* state = std::exchange(state_, nullptr);
    if (state == nullptr || is_closing()) return;
    PyEval_RestoreThread(state);
    PyGILState_Release(PyGILState_UNLOCKED);
  }

  bool in_burst = false;
  SteadyClock::time_point burst_began;

 private:
  PyThreadState* state_ = nullptr;
};

thread_local KeptThreadState kept;

}  // namespace

void set_closing(bool value) noexcept { closing = value; }

bool is_closing() noexcept { return closing.load(std::memory_order_relaxed) || interpreter_is_finalizing(); }

GilHold::GilHold() noexcept : held_(!is_closing()) {
  if (!held_) return;
  kept.make();
  state_ = PyGILState_Ensure();
}

GilHold::~GilHold() {
  if (held_) PyGILState_Release(state_);
}

void take_gil_for_burst() noexcept {
  if (is_closing()) return;
  kept.make();
  PyEval_RestoreThread(PyGILState_GetThisThreadState());
  kept.in_burst = true;
  kept.burst_began = SteadyClock::now();
}

void end_gil_burst() noexcept {
  if (!std::exchange(kept.in_burst, false)) return;
  PyEval_SaveThread();
}

void share_gil_in_burst() noexcept {
  if (!kept.in_burst || SteadyClock::now() - kept.burst_began < kFairShare) return;
  { const GilPause pause; }
  kept.burst_began = SteadyClock::now();
}

void drop_thread_state() noexcept { kept.drop(); }

void release_python_object(void* object) noexcept {
  const GilHold hold;
  if (hold) Py_DECREF(static_cast<PyObject*>(object));
}

}  // namespace duetime::python
