#include "core/jobstores/sqlite_inheritance.h"

#include <list>
#include <mutex>
#include <utility>

namespace duetime {
namespace {

struct Inheritance {
  std::mutex mutex;
  std::list<std::unique_ptr<SqliteSession>> sessions;
};

// Never destroyed: at exit nothing of the parent's shall be touched either.
Inheritance& inheritance() {
  static Inheritance* const only = new Inheritance;
  return *only;
}

}  // namespace

void inherit_sqlite_session(std::unique_ptr<SqliteSession> session) noexcept {
  session->watch.reset();
  const std::lock_guard lock(inheritance().mutex);
  inheritance().sessions.push_back(std::move(session));
}

void close_inherited_sqlite_sessions() {
  const std::lock_guard lock(inheritance().mutex);
  inheritance().sessions.clear();
}

}  // namespace duetime
