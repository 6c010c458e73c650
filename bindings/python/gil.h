// The interpreter's lock on threads that the engine made.
//
// Such a thread gets a Python thread state when it first needs one and keeps it until it ends: taking the
// lock then costs some 80 ns instead of the 14-40 us of making a state each time. Nothing takes the lock once
// the interpreter is closing, because CPython before 3.14 kills and later hangs a thread that does.
#pragma once

#include <pybind11/pybind11.h>

#include <utility>

namespace duetime::python {

namespace py = pybind11;

// From then on every new GilHold is false; waits until other threads have let go of theirs. Requires: the
// lock is held.
void set_closing(bool closing);
bool is_closing() noexcept;

// In the child of a fork, where they are not.
void forget_holds_of_other_threads() noexcept;

// Takes the lock for its life time, on any thread, also where it is held already.
class GilHold {
 public:
  GilHold() noexcept;
  ~GilHold();
  GilHold(const GilHold&) = delete;
  GilHold& operator=(const GilHold&) = delete;

  // False: the interpreter is closing, and no Python may be run or freed.
  explicit operator bool() const noexcept { return held_; }

 private:
  bool held_ = false;
  PyGILState_STATE state_ = PyGILState_UNLOCKED;
};

// Lets go of the lock for its life time. Requires: the lock is held.
class GilPause {
 public:
  GilPause() noexcept : state_(PyEval_SaveThread()) {}
  ~GilPause() { PyEval_RestoreThread(state_); }
  GilPause(const GilPause&) = delete;
  GilPause& operator=(const GilPause&) = delete;

 private:
  PyThreadState* state_;
};

// For worker threads, which hold the lock from one task to the next.
void take_gil_for_burst() noexcept;
void end_gil_burst() noexcept;

// Lets other threads have their turn when this one has held the lock for long: a task that is a C function
// never reaches the place where the interpreter itself would do it.
void share_gil_in_burst() noexcept;

// Deletes this thread's own Python thread state now instead of when the thread ends.
void drop_thread_state() noexcept;

// A duetime_release_fn for a PyObject that the library owned.
extern "C" void release_python_object(void* object) noexcept;

}  // namespace duetime::python
