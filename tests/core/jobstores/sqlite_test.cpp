#include "core/jobstores/sqlite.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/core/jobstores/sqlite_test_support.h"
#include "tests/support/child_process.h"

namespace duetime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

INSTANTIATE_TEST_SUITE_P(Sqlite, JobStoreContract, testing::Values(sqlite_quirks()), store_name);
INSTANTIATE_TEST_SUITE_P(Sqlite, JobStoreLeaseContract, testing::Values(sqlite_quirks()), store_name);

class SqliteFile : public testing::Test {
 protected:
  std::string path() const { return database_in(directory_.path()); }
  JobStorePtr open() const { return open_sqlite_store(path()); }

  void write(const std::string& bytes) const { std::ofstream(path(), std::ios::binary) << bytes; }

  std::string bytes() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  void add(JobStore& store, const std::string& id) const {
    const NewJob job = scheduled(minutely_job(id), 1);
    store.add(std::span(&job, 1), OnConflict::kFail);
  }

  TemporaryDirectory directory_;
};

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(SqliteOptions, AreChecked) {
  const auto code_of = [](const Json& configuration) {
    return error_of([&] { make_sqlite_job_store(configuration); });
  };
  EXPECT_EQ(code_of(Json{{"type", "sqlite"}}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(Json{{"type", "sqlite"}, {"path", ""}}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(Json{{"type", "sqlite"}, {"path", ":memory:"}}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(Json{{"type", "sqlite"}, {"path", std::string("a\0b", 3)}}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(Json{{"type", "sqlite"}, {"path", 5}}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(Json{{"type", "sqlite"}, {"path", "x"}, {"fullsync", true}}),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(Json{{"type", "sqlite"}, {"path", "x"}, {"busy_timeout_us", -1}}),
            ErrorCode::kInvalidArgument);
  for (const char* prefix : {"", "1a", "a-b", "a\"b", "x; drop", "sqlite_x", "é"}) {
    EXPECT_EQ(code_of(Json{{"type", "sqlite"}, {"path", "x"}, {"table_prefix", prefix}}),
              ErrorCode::kInvalidArgument)
        << prefix;
  }
  const std::string longest(48, 'p');
  EXPECT_TRUE(make_sqlite_job_store(Json{{"type", "sqlite"}, {"path", "x"}, {"table_prefix", longest}}));
  EXPECT_EQ(code_of(Json{{"type", "sqlite"}, {"path", "x"}, {"table_prefix", longest + "p"}}),
            ErrorCode::kInvalidArgument);
}

TEST(SqliteOptions, MakeNoFile) {
  const TemporaryDirectory directory;
  make_sqlite_job_store(sqlite_options(directory.file("jobs.db")));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST_F(SqliteFile, StandsBesideTablesOfOthers) {
  query(path(), "CREATE TABLE customers (name TEXT)");
  query(path(), "INSERT INTO customers VALUES ('Ada')");
  add(*open(), "job");
  EXPECT_EQ(query(path(), "SELECT name FROM customers"), "Ada");
  EXPECT_EQ(query(path(), "SELECT id FROM duetime_jobs"), "job");
}

TEST_F(SqliteFile, TwoPrefixesAreTwoStores) {
  SqliteStoreOptions options = sqlite_options(path());
  options.table_prefix = "Other_2";
  const JobStorePtr other = make_sqlite_job_store(options);
  other->open();
  const JobStorePtr store = open();
  add(*store, "job");
  EXPECT_EQ(other->count(), 0u);
  EXPECT_EQ(query(path(), "SELECT count(*) FROM Other_2_jobs"), "0");
}

TEST_F(SqliteFile, IsRefusedUntouchedIfItIsNoDatabase) {
  for (const std::string& content :
       {std::string("hello"), std::string(100, '\0'),
        std::string("SQLite format 2\0", 16) + std::string(2000, 'x'), std::string("SQLite format 3\0", 16),
        std::string("SQLite format 3\0", 16) + std::string(5000, '\xff'), std::string(70'000, 'A')}) {
    write(content);
    EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kStoreCorrupt);
    EXPECT_THAT(message_of([&] { open(); }), HasSubstr(path()));
    EXPECT_EQ(bytes(), content);
  }
}

TEST_F(SqliteFile, MayBeEmpty) {
  write("");
  add(*open(), "job");
}

TEST_F(SqliteFile, IsRefusedUntouchedIfItIsTruncated) {
  {
    const JobStorePtr store = open();
    for (int i = 0; i < 100; ++i) add(*store, "job-" + std::to_string(i));
  }
  const std::string whole = bytes();
  ASSERT_GT(whole.size(), 40'000u);
  for (const std::size_t size : {std::size_t{20}, std::size_t{1000}, std::size_t{4096}, whole.size() / 2}) {
    write(whole.substr(0, size));
    EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kStoreCorrupt) << size;
    EXPECT_EQ(bytes(), whole.substr(0, size));
  }
}

TEST_F(SqliteFile, OfANewerSchemaIsLeftAlone) {
  add(*open(), "job");
  query(path(), "UPDATE duetime_meta SET value = '2' WHERE key = 'schema_version'");
  query(path(), "ALTER TABLE duetime_jobs DROP COLUMN fire_time");
  const std::string before = bytes();
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kNewerVersion);
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("schema version 2"));
  EXPECT_EQ(bytes(), before);
}

TEST_F(SqliteFile, WithOtherTablesOfOurNamesIsRefusedUntouched) {
  const std::vector<std::string> changes = {
      "CREATE TABLE duetime_jobs (id INTEGER)",
      "CREATE TABLE duetime_meta (key TEXT, value TEXT)",
      "CREATE TABLE duetime_meta (a TEXT)",
      "CREATE VIEW duetime_runs AS SELECT 1 AS x",
  };
  for (const std::string& change : changes) {
    std::filesystem::remove(path());
    query(path(), change);
    const std::string before = bytes();
    EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kStoreCorrupt) << change;
    EXPECT_EQ(bytes(), before) << change;
  }
  for (const char* change :
       {"DROP TABLE duetime_runs", "ALTER TABLE duetime_jobs RENAME COLUMN document TO d",
        "DELETE FROM duetime_meta WHERE key = 'schema_version'",
        "UPDATE duetime_meta SET value = 'one' WHERE key = 'schema_version'"}) {
    std::filesystem::remove(path());
    open();
    query(path(), change);
    EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kStoreCorrupt) << change;
  }
}

TEST_F(SqliteFile, InUtf16IsRefused) {
  {
    SqliteConnection connection(path(), Duration{0});
    connection.execute("PRAGMA encoding = 'UTF-16le'");
    connection.execute("CREATE TABLE t (x)");
  }
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kStoreCorrupt);
}

TEST_F(SqliteFile, MayHaveMoreColumnsThanOurs) {
  add(*open(), "job");
  query(path(), "ALTER TABLE duetime_jobs ADD COLUMN note TEXT");
  const JobStorePtr store = open();
  add(*store, "other");
  EXPECT_EQ(store->count(), 2u);
}

TEST_F(SqliteFile, CannotBeADirectoryOrInAMissingOne) {
  std::filesystem::create_directory(path());
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(error_of([&] { open_sqlite_store(directory_.path() + "/missing/jobs.db"); }),
            ErrorCode::kStoreUnavailable);
  EXPECT_THAT(message_of([&] { open_sqlite_store(directory_.path() + "/missing/jobs.db"); }),
              HasSubstr("No such file or directory"));
}

TEST_F(SqliteFile, NameIsTakenLiterally) {
  const std::string odd = directory_.path() + "/file:jobs.db?mode=memory&é%20";
  add(*open_sqlite_store(odd), "job");
  EXPECT_TRUE(std::filesystem::exists(odd));
}

TEST_F(SqliteFile, StaysWhenTheProgramChangesItsDirectory) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(directory_.path());
  const JobStorePtr store = make_sqlite_job_store(sqlite_options("jobs.db"));
  std::filesystem::current_path(before);
  store->open();
  EXPECT_TRUE(std::filesystem::exists(path()));
  EXPECT_EQ(store->description(), "sqlite:jobs.db");
}

TEST_F(SqliteFile, WithoutWritePermissionIsUnavailable) {
  add(*open(), "job");
  EXPECT_TRUE(in_child([&] {
    std::filesystem::permissions(path(), std::filesystem::perms(0444));
    std::filesystem::permissions(directory_.path(), std::filesystem::perms(0555));
    if (geteuid() == 0 && setuid(65534) != 0) return false;
    return error_of([&] { open(); }) == ErrorCode::kStoreUnavailable &&
           error_of([&] { open_sqlite_store(directory_.file("new.db")); }) == ErrorCode::kStoreUnavailable;
  }));
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
}

TEST_F(SqliteFile, FullDiskKeepsNothingOfTheCallAndAllOfTheRest) {
  EXPECT_TRUE(in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    const JobStorePtr store = open();
    add(*store, "before");
    struct rlimit limit {};
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t unlimited = limit.rlim_cur;
    limit.rlim_cur = 300'000;
    setrlimit(RLIMIT_FSIZE, &limit);
    std::size_t added = 1;
    const ErrorCode code = error_of([&] {
      for (;; ++added) add(*store, "job-" + std::to_string(added));
    });
    EXPECT_EQ(code, ErrorCode::kStoreFull);
    EXPECT_EQ(store->count(), added);
    limit.rlim_cur = unlimited;
    setrlimit(RLIMIT_FSIZE, &limit);
    add(*store, "after");
    EXPECT_EQ(store->count(), added + 1);
    EXPECT_EQ(query(path(), "PRAGMA integrity_check"), "ok");
    return true;
  }));
}

TEST_F(SqliteFile, ThatIsLockedIsUnavailableAfterTheTimeout) {
  SqliteStoreOptions options = sqlite_options(path());
  options.busy_timeout = std::chrono::milliseconds(20);
  const JobStorePtr store = make_sqlite_job_store(options);
  store->open();
  add(*store, "job");
  SqliteConnection other(path(), Duration{0});
  {
    const SqliteTransaction writing(other);
    EXPECT_EQ(error_of([&] { add(*store, "other"); }), ErrorCode::kStoreUnavailable);
    EXPECT_THAT(message_of([&] { add(*store, "other"); }), HasSubstr("locked"));
    EXPECT_EQ(store->count(), 1u);  // readers go on
  }
  add(*store, "other");
  EXPECT_EQ(store->count(), 2u);
}

TEST_F(SqliteFile, AClaimThatDidNotHappenMayBeRepeatedAsItWas) {
  SqliteStoreOptions options = sqlite_options(path());
  options.busy_timeout = std::chrono::milliseconds(20);
  const JobStorePtr store = make_sqlite_job_store(options);
  store->open();
  add(*store, "job");
  const Exclusions none;
  ClaimRequest request;
  request.claim_id = make_uuid();
  request.time = call_time(1);
  request.exclusions = &none;
  SqliteConnection other(path(), Duration{0});
  {
    const SqliteTransaction writing(other);
    EXPECT_EQ(error_of([&] { store->claim_due(request, run_minutely); }), ErrorCode::kStoreUnavailable);
  }
  EXPECT_EQ(store->claim_due(request, run_minutely).claims.size(), 1u);
  EXPECT_EQ(store->claim_due(request, run_minutely).claims.size(), 1u);
  EXPECT_EQ(query(path(), "SELECT count(*) FROM duetime_runs"), "1");
}

TEST_F(SqliteFile, HasTheTagsOfTheDocumentsAndNoOthers) {
  const JobStorePtr store = open();
  Job job = minutely_job("job");
  for (const std::vector<std::string>& tags : {std::vector<std::string>{"a", "b"}, {"b", "c"}}) {
    job.tags = tags;
    const NewJob tagged = scheduled(job, 1);
    store->add(std::span(&tagged, 1), OnConflict::kReplace);
  }
  const std::string all = "SELECT group_concat(tag) FROM (SELECT tag FROM duetime_job_tags ORDER BY tag)";
  EXPECT_EQ(query(path(), all), "b,c");
  store->remove("job");
  EXPECT_EQ(query(path(), all), "");
}

TEST_F(SqliteFile, ThatWasDeletedOrReplacedIsNotWrittenTo) {
  JobStorePtr store = open();
  add(*store, "job");
  std::filesystem::rename(path(), directory_.file("elsewhere.db"));
  EXPECT_EQ(error_of([&] { add(*store, "lost"); }), ErrorCode::kStoreUnavailable);
  EXPECT_THAT(message_of([&] { store->count(); }), HasSubstr("deleted"));
  write("something else");
  EXPECT_THAT(message_of([&] { store->count(); }), HasSubstr("replaced"));
  std::filesystem::remove(path());
  store->close();
  store->open();
  EXPECT_EQ(store->count(), 0u);

  add(*store, "job");
  std::filesystem::remove(path() + "-wal");
  EXPECT_EQ(error_of([&] { add(*store, "lost"); }), ErrorCode::kStoreUnavailable);
}

TEST_F(SqliteFile, ChangeDescriptorWakesASleeper) {
  const JobStorePtr store = open();
  store->drain_changes();
  if (store->change_fd() < 0) GTEST_SKIP() << "no inotify here";
  EXPECT_EQ(store->poll_interval(), Duration{0});
  std::thread writer([&] { add(*open(), "job"); });
  pollfd waiting{store->change_fd(), POLLIN, 0};
  EXPECT_EQ(poll(&waiting, 1, 60'000), 1);
  while (!store->drain_changes()) poll(&waiting, 1, 60'000);
  writer.join();
  EXPECT_TRUE(store->get("job"));
}

// The log is written before the commit can be seen: whoever is woken by it must wait for the commit, since
// nothing else will wake him.
TEST_F(SqliteFile, AWakeUpInMidCommitIsNotLost) {
  const JobStorePtr store = open();
  store->drain_changes();
  if (store->change_fd() < 0) GTEST_SKIP() << "no inotify here";
  const auto readable = [&] {
    pollfd waiting{store->change_fd(), POLLIN, 0};
    return poll(&waiting, 1, 0) == 1;
  };
  SqliteConnection other(path(), std::chrono::seconds(60));
  other.execute("PRAGMA cache_size = 1");  // so that pages go to the log before the commit
  SqliteTransaction writing(other);
  for (int i = 0; !readable(); ++i) {
    other.execute("INSERT INTO duetime_meta VALUES ('" + std::to_string(i) + "', hex(zeroblob(2000)))");
  }
  bool changed = false;
  std::thread woken([&] { changed = store->drain_changes(); });
  while (readable()) std::this_thread::yield();
  writing.commit();
  woken.join();
  EXPECT_TRUE(changed);
}

TEST_F(SqliteFile, ARowWithAnImpossiblePositionIsUnreadable) {
  const JobStorePtr store = open();
  add(*store, "job");
  SqliteConnection connection(path(), std::chrono::seconds(60));
  connection.execute("PRAGMA ignore_check_constraints = ON");
  for (const char* change : {"next_run_time = 9223372036854775807", "next_run_time = -9223372036854775807",
                             "fire_time = 253402300800000000", "status = 'sleeping'"}) {
    connection.execute(std::string("UPDATE duetime_jobs SET ") + change);
    const std::optional<JobRecord> record = store->get("job");
    EXPECT_EQ(record->job, nullptr) << change;
    EXPECT_FALSE(record->unreadable.empty());
    connection.execute("UPDATE duetime_jobs SET status = 'scheduled', next_run_time = 0, fire_time = 0");
    EXPECT_NE(store->get("job")->job, nullptr);
  }
}

// Claims select by the columns; a document that says something else must not be run, nor asked about for
// ever.
TEST_F(SqliteFile, ARowWhoseColumnsAndDocumentDifferIsUnreadable) {
  const JobStorePtr store = open();
  add(*store, "job");
  SqliteConnection connection(path(), std::chrono::seconds(60));
  connection.execute("UPDATE duetime_jobs SET task = 'other:task'");
  const std::optional<JobRecord> record = store->get("job");
  EXPECT_EQ(record->job, nullptr);
  EXPECT_THAT(record->unreadable, HasSubstr("task is 'other:task' in the column and "));
}

// Every call either works or says what is wrong; the process lives.
TEST_F(SqliteFile, DamagedAnywhereDoesNoHarm) {
  {
    const JobStorePtr store = open();
    for (int i = 0; i < 60; ++i) add(*store, "job-" + std::to_string(i));
    Exclusions none;
    ClaimRequest request;
    request.claim_id = make_uuid();
    request.time = call_time(1);
    request.lease = std::chrono::seconds(30);
    request.limit = 30;
    request.exclusions = &none;
    for (const ClaimPtr& claim : store->claim_due(request, run_minutely).claims) {
      const RunEnd end = end_of(claim, 0, RunState::kSucceeded, 1);
      if (claim->record.id < "job-3") store->complete(std::span(&end, 1), call_time(1));
    }
  }
  const std::string whole = bytes();
  uint64_t random = 20260105;
  const auto next_random = [&] { return random = random * 6364136223846793005u + 1442695040888963407u; };
  int survived = 0;
  for (int mutant = 0; mutant < 150; ++mutant) {
    std::string damaged = whole;
    const std::size_t position = (next_random() >> 20) % whole.size();
    const std::size_t length = mutant % 4 == 0 ? 600 : 1;
    for (std::size_t i = position; i < std::min(position + length, whole.size()); ++i) {
      damaged[i] = static_cast<char>(mutant % 4 == 1 ? 0 : next_random() >> 56);
    }
    std::filesystem::remove(path() + "-wal");
    std::filesystem::remove(path() + "-shm");
    write(damaged);
    try {
      const JobStorePtr store = open();
      Exclusions none;
      ClaimRequest request;
      request.claim_id = make_uuid();
      request.time = call_time(500);
      request.lease = std::chrono::seconds(30);
      request.limit = 100;
      request.exclusions = &none;
      store->list({});
      store->list_runs({});
      store->reclaim_expired(request);
      request.claim_id = make_uuid();
      store->claim_due(request, run_minutely);
      add(*store, "new");
      store->prune_runs({.max_count = 0}, at(500));
      store->remove_all();
      ++survived;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(path()));
      EXPECT_TRUE(error.code() == ErrorCode::kStoreCorrupt || error.code() == ErrorCode::kStoreUnavailable ||
                  error.code() == ErrorCode::kStoreFull || error.code() == ErrorCode::kNewerVersion ||
                  error.code() == ErrorCode::kConflict || error.code() == ErrorCode::kNoMemory)
          << error.what();
    }
  }
  EXPECT_GT(survived, 0);
  EXPECT_LT(survived, 150);
}

}  // namespace
}  // namespace duetime
