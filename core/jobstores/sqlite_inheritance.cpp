#include "core/jobstores/sqlite_inheritance.h"

#include <list>
#include <mutex>
#include <utility>

#include "core/base/error.h"

namespace duetime {
namespace {

struct Inheritance {
  std::mutex mutex;
  std::list<SqliteSession*> sessions;
};

// Never destroyed: at exit nothing of the parent's shall be touched either.
Inheritance& inheritance() {
  static Inheritance* const only = new Inheritance;
  return *only;
}

// A session whose mutex is free was at rest when the process was forked.
bool close_if_at_rest(SqliteSession* session) {
  if (!session->mutex.try_lock()) return false;
  session->mutex.unlock();
  delete session;
  return true;
}

}  // namespace

void inherit_sqlite_session(std::unique_ptr<SqliteSession> session) noexcept {
  session->watch.reset();
  const std::lock_guard lock(inheritance().mutex);
  inheritance().sessions.push_back(session.release());
}

void close_inherited_sqlite_sessions(const std::string& path) {
  const std::lock_guard lock(inheritance().mutex);
  std::list<SqliteSession*>& sessions = inheritance().sessions;
  sessions.remove_if(close_if_at_rest);
  for (const SqliteSession* session : sessions) {
    if (!session->is_open_on(path)) continue;
    throw Error(
        ErrorCode::kForked,
        path +
            ": the process was forked while another thread was using this file, so it cannot be opened "
            "in the child; fork before the scheduler starts, or start a new program instead");
  }
}

}  // namespace duetime
