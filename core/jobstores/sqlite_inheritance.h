// Open sessions that a forked child got from its parent.
//
// They are of no use to the child, and yet SQLite, which keeps one account of locks per file and process,
// would lend their locks to any new connection to the same file: locks that only the parent holds. When the
// parent then closed the file as its last user, it would fold and delete the log the child is writing. So an
// inherited session is closed before the child opens a store, and not earlier: until then the child calls
// nothing in SQLite, whose own mutexes may have been held by a thread of the parent at the fork. Closing it
// does no harm to the parent, whose lock on the file keeps the log in place.
#pragma once

#include <memory>

#include "core/jobstores/sqlite_session.h"

namespace duetime {

// Puts the session aside without a call to SQLite.
void inherit_sqlite_session(std::unique_ptr<SqliteSession> session) noexcept;

// Before the child opens a file: every session it inherited is at rest (SqliteSession::held_across_fork).
void close_inherited_sqlite_sessions();

}  // namespace duetime
