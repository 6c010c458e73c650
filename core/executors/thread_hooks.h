// What a host language needs around threads of the engine that call it. `started` and `stopping` run once per
// thread; `busy` before it works after a wait and `idle` before it waits again, so that Python takes its lock
// once per burst instead of once per task. All run on that thread, no lock held; any may be empty.
#pragma once

#include <functional>

namespace duetime {

struct ThreadHooks {
  std::function<void()> started;
  std::function<void()> stopping;
  std::function<void()> busy;
  std::function<void()> idle;
};

inline void call_hook(const std::function<void()>& hook) {
  if (hook) hook();
}

}  // namespace duetime
