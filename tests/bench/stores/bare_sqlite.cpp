// SQLite without a job store: the same rows and commits with nothing around them, in WAL mode and with a sync
// at each commit, as the store has it.
#include "core/base/uuid.h"
#include "core/jobstores/sqlite_connection.h"
#include "tests/bench/stores/work.h"

namespace duetime::bench {
namespace {

constexpr int64_t kBatch = 1'000;

class Bare {
 public:
  explicit Bare(const std::string& directory) : connection_(directory + "/bare.db", std::chrono::seconds(5)) {
    connection_.text_of("PRAGMA journal_mode = WAL");
    for (const char* statement : {
             "PRAGMA synchronous = FULL",
             "PRAGMA wal_autocheckpoint = 4000",
             "DROP TABLE IF EXISTS jobs",
             "DROP TABLE IF EXISTS runs",
             "CREATE TABLE jobs (id TEXT PRIMARY KEY, next_run_time INTEGER, version INTEGER, document TEXT) "
             "STRICT",
             "CREATE INDEX due ON jobs (next_run_time, id)",
             "CREATE TABLE runs (id TEXT PRIMARY KEY, job_id TEXT, state TEXT, ended_at INTEGER) STRICT",
         }) {
      connection_.execute(statement);
    }
  }

  void add(int64_t count) {
    SqliteTransaction transaction(connection_);
    for (int64_t i = 0; i < count; ++i) insert_.run({"job-" + std::to_string(number_++), sample_document()});
    transaction.commit();
  }

  void claim_and_complete() {
    const std::vector<Uuid> runs = claim();
    SqliteTransaction transaction(connection_);
    for (const Uuid& run : runs) finish_.run({run});
    transaction.commit();
  }

 private:
  std::vector<std::string> read_due() {
    std::vector<std::string> jobs;
    SqliteCursor cursor(due_, {kBatch});
    while (cursor.next()) jobs.emplace_back(cursor.text(0));
    return jobs;
  }

  // The ids of the runs.
  std::vector<Uuid> claim() {
    SqliteTransaction transaction(connection_);
    std::vector<Uuid> runs;
    for (const std::string& job : read_due()) {
      runs.push_back(make_uuid());
      move_.run({job});
      begin_run_.run({runs.back(), job});
    }
    transaction.commit();
    return runs;
  }

  SqliteConnection connection_;
  int64_t number_ = 0;
  SqliteStatement insert_{connection_, "INSERT INTO jobs VALUES (?1, 0, 1, ?2)"};
  SqliteStatement due_{
      connection_,
      "SELECT id, version, document FROM jobs WHERE next_run_time <= 1000000 ORDER BY next_run_time, id "
      "LIMIT ?1"};
  SqliteStatement move_{
      connection_, "UPDATE jobs SET version = version + 1, next_run_time = next_run_time + 1 WHERE id = ?1"};
  SqliteStatement begin_run_{connection_, "INSERT INTO runs VALUES (?1, ?2, 'claimed', NULL)"};
  SqliteStatement finish_{
      connection_, "UPDATE runs SET state = 'succeeded', ended_at = 1 WHERE id = ?1 AND state = 'claimed'"};
};

}  // namespace

void add_bare_sqlite_works(Works& works, const Places& places) {
  const std::string directory = places.sqlite;
  const auto additions = [=](int64_t count) {
    Bare bare(directory);
    return rate(static_cast<std::size_t>(count), [&] { bare.add(count); });
  };
  works.push_back({"SQLite: add one | bare", [=] { return additions(1); }});
  works.push_back({"SQLite: add 1,000 | bare", [=] { return additions(kBatch); }});
  works.push_back({"SQLite: claim and complete 1,000 | bare", [=] {
                     Bare bare(directory);
                     bare.add(kBatch);
                     return rate(kBatch, [&] { bare.claim_and_complete(); });
                   }});
}

}  // namespace duetime::bench
