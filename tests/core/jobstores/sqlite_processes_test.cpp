// The SQLite store between processes: sharing a file, dying at any moment, and forking.
#include <unistd.h>

#include <atomic>
#include <thread>

#include "tests/core/jobstores/sqlite_test_support.h"
#include "tests/support/child_process.h"
#include "tests/support/job_store_processes.h"

namespace duetime {
namespace {

INSTANTIATE_TEST_SUITE_P(Sqlite, JobStoreProcesses, testing::Values(sqlite_quirks()), store_name);

class SqliteProcesses : public testing::Test {
 protected:
  std::string path() const { return database_in(directory_.path()); }

  TemporaryDirectory directory_;
};

// The child of a fork leaves what it got from its parent alone, and may open the file anew: neither disturbs
// the other, whichever closes first.
TEST_F(SqliteProcesses, AForkedChildStartsAnew) {
  const JobStorePtr store = open_sqlite_store(path());
  const auto add = [&](const std::string& id) {
    const NewJob job = scheduled(minutely_job(id), 1);
    store->add(std::span(&job, 1), OnConflict::kFail);
  };
  add("before");
  int parent_closed[2];
  int child_opened[2];
  ASSERT_EQ(pipe(parent_closed) + pipe(child_opened), 0);
  char byte = 'x';
  const pid_t child = start_child([&] {
    store->abandon_after_fork();
    EXPECT_EQ(store->change_fd(), -1);
    EXPECT_EQ(error_of([&] { store->count(); }), ErrorCode::kStoreUnavailable);
    store->open();
    const bool sees_all = store->count() == 1;
    if (write(child_opened[1], &byte, 1) != 1 || read(parent_closed[0], &byte, 1) != 1) return false;
    add("by-child");
    return sees_all && store->count() == 3;
  });
  ASSERT_EQ(read(child_opened[0], &byte, 1), 1);
  add("by-parent");
  store->close();
  ASSERT_EQ(write(parent_closed[1], &byte, 1), 1);
  EXPECT_TRUE(child_succeeded(child));
  EXPECT_EQ(query(path(), "SELECT count(*) FROM duetime_jobs"), "3");
  EXPECT_EQ(query(path(), "PRAGMA integrity_check"), "ok");
}

// A fork waits for the calls that other threads have under way, so that the child never gets a half-used
// file.
TEST_F(SqliteProcesses, AChildForkedInMidCallStartsAnewToo) {
  DUETIME_SKIP_IF_MALLOC_CANNOT_FORK();
  const JobStorePtr store = open_sqlite_store(path());
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    for (int i = 0; !stop; ++i) {
      const NewJob job = scheduled(minutely_job("busy-" + std::to_string(i % 5)), 1);
      store->add(std::span(&job, 1), OnConflict::kReplace);
    }
  });
  for (int child = 0; child < 10; ++child) {
    EXPECT_TRUE(in_child([&] {
      store->abandon_after_fork();
      store->open();
      const NewJob job = scheduled(minutely_job("child-" + std::to_string(child)), 1);
      store->add(std::span(&job, 1), OnConflict::kFail);
      return true;
    }));
  }
  stop = true;
  busy.join();
  EXPECT_EQ(query(path(), "SELECT count(*) FROM duetime_jobs WHERE id LIKE 'child-%'"), "10");
  EXPECT_EQ(query(path(), "PRAGMA integrity_check"), "ok");
}

}  // namespace
}  // namespace duetime
