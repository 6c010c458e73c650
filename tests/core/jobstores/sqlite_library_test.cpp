#include "core/jobstores/sqlite_library.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/support/child_process.h"

namespace duetime {
namespace {

using testing::HasSubstr;

// The file of a library that is loaded now.
std::string file_of(const SqliteLibrary& library) {
  Dl_info info{};
  dladdr(reinterpret_cast<void*>(library.open_v2), &info);
  return info.dli_fname ? info.dli_fname : "";
}

std::string error_for(const char* path) {
  try {
    load_sqlite_library(path);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kStoreUnavailable);
    return error.what();
  }
  return "no error";
}

TEST(SqliteLibrary, IsFoundOnTheSystem) {
  const SqliteLibrary library = load_sqlite_library(nullptr);
  EXPECT_GE(library.libversion_number(), kOldestSqlite);
  EXPECT_THAT(file_of(library), HasSubstr("libsqlite3.so"));
  EXPECT_EQ(load_sqlite_library("").open_v2, library.open_v2);
}

TEST(SqliteLibrary, IsTheCopyThatTheProcessHas) {
  EXPECT_TRUE(in_child([] {
    void* const loaded = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
    const SqliteLibrary library = load_sqlite_library(nullptr);
    return library.open_v2 == dlsym(loaded, "sqlite3_open_v2") && library.source.ends_with("loaded before");
  }));
  EXPECT_TRUE(in_child([] {
    void* const linked = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_GLOBAL);
    const SqliteLibrary library = load_sqlite_library(nullptr);
    return library.open_v2 == dlsym(linked, "sqlite3_open_v2") && library.source == "the running program";
  }));
}

TEST(SqliteLibrary, MayBeNamed) {
  const std::string path = file_of(load_sqlite_library(nullptr));
  EXPECT_EQ(load_sqlite_library(path.c_str()).source, path);
}

TEST(SqliteLibrary, ThatIsMissingOrForeignIsAnError) {
  EXPECT_THAT(error_for("/nonexistent/libsqlite3.so"), HasSubstr("/nonexistent/libsqlite3.so"));
  EXPECT_THAT(error_for("libm.so.6"), HasSubstr("sqlite3_"));
}

}  // namespace
}  // namespace duetime
