#include "bindings/python/gil.h"

#include <atomic>
#include <chrono>
#include <thread>

namespace duetime::python {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr auto kFairShare = std::chrono::milliseconds(5);  // sys.getswitchinterval()'s default

// How long the interpreter waits for threads that are in it. What they do in their last moments is short;
// those that the program's own code holds up are left behind.
constexpr auto kPatience = std::chrono::seconds(10);
constexpr auto kGlance = std::chrono::milliseconds(1);

std::atomic<bool> closing{false};

// Of all threads: each has the lock, waits for it, or is about to. One that is counted before it looks
// whether the interpreter is closing either sees that or is waited for; else it could be killed in the midst
// of C++.
std::atomic<int> holds{0};

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
    if (state == nullptr) return;
    ++holds;
    if (!is_closing()) {
      PyEval_RestoreThread(state);
      PyGILState_Release(PyGILState_UNLOCKED);
    }
    --holds;
  }

  int own_holds = 0;
  bool in_burst = false;
  SteadyClock::time_point burst_began;

 private:
  PyThreadState* state_ = nullptr;
};

thread_local KeptThreadState kept;

void count_hold(int change) noexcept {
  holds += change;
  kept.own_holds += change;
}

void wait_for_other_holds() {
  const GilPause pause;
  const auto end = SteadyClock::now() + kPatience;
  while (holds > kept.own_holds && SteadyClock::now() < end) std::this_thread::sleep_for(kGlance);
}

}  // namespace

void set_closing(bool value) {
  closing = value;
  if (value) wait_for_other_holds();
}

bool is_closing() noexcept { return closing || interpreter_is_finalizing(); }

void forget_holds_of_other_threads() noexcept { holds = kept.own_holds; }

GilHold::GilHold() noexcept {
  count_hold(1);
  held_ = !is_closing();
  if (!held_) {
    count_hold(-1);
    return;
  }
  kept.make();
  state_ = PyGILState_Ensure();
}

GilHold::~GilHold() {
  if (!held_) return;
  PyGILState_Release(state_);
  count_hold(-1);
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
