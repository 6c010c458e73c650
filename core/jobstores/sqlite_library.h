// The SQLite library of this process, found at run time and called through one table.
//
// Nothing is linked. POSIX locks belong to a process, and each copy of SQLite keeps its own account of them:
// two copies that open one file in one process drop each other's locks and corrupt it
// (sqlite.org/howtocorrupt.html, 2.2.1). So the copy that the program already has is the one to use, whether
// it was linked (a C program) or loaded (Python's _sqlite3).
//
// Threads: any.
#pragma once

#include <sqlite3.h>

#include <string>

namespace duetime {

// Every function of SQLite that the store calls; a new call is one more word here.
// clang-format off
#define DUETIME_SQLITE_FUNCTIONS(F)                                                             \
  F(libversion) F(libversion_number) F(threadsafe)                                              \
  F(open_v2) F(close_v2) F(busy_timeout) F(db_readonly) F(get_autocommit) F(changes)            \
  F(extended_result_codes) F(extended_errcode) F(errmsg) F(system_errno)                        \
  F(prepare_v3) F(finalize) F(step) F(reset) F(clear_bindings)                                  \
  F(bind_int64) F(bind_null) F(bind_text64)                                                     \
  F(column_type) F(column_int64) F(column_text) F(column_bytes)
// clang-format on

struct SqliteLibrary {
#define DUETIME_SQLITE_MEMBER(name) decltype(&::sqlite3_##name) name = nullptr;
  DUETIME_SQLITE_FUNCTIONS(DUETIME_SQLITE_MEMBER)
#undef DUETIME_SQLITE_MEMBER

  std::string source;  // where it was found, for people
};

// ON CONFLICT DO UPDATE came with 3.24.0 (2018-06-04).
inline constexpr int kOldestSqlite = 3'024'000;

// Looks in this order: the file `override_path` if not null and not empty, and then nowhere else; the symbols
// of the process; a libsqlite3.so.0 that is loaded already; the system's libsqlite3.so.0.
// Throws kStoreUnavailable naming the package to install, or what is wrong with the library found.
SqliteLibrary load_sqlite_library(const char* override_path);

// The same, once for the process, with the environment's DUETIME_SQLITE_LIBRARY as the override.
const SqliteLibrary& sqlite_library();

}  // namespace duetime
