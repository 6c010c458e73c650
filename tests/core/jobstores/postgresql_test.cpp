// The PostgreSQL store: the contract, and what is particular to it - its tables, its configuration, its
// server's failures.
#include <poll.h>

#include <atomic>
#include <thread>

#include "core/base/json.h"
#include "core/jobstores/postgresql_connection.h"
#include "core/jobstores/postgresql_library.h"
#include "core/jobstores/registry.h"
#include "tests/core/jobstores/postgresql_test_support.h"
#include "tests/support/child_process.h"

namespace duetime {

INSTANTIATE_TEST_SUITE_P(Postgresql, JobStoreContract, testing::Values(postgresql_quirks()), store_name);
INSTANTIATE_TEST_SUITE_P(Postgresql, JobStoreLeaseContract, testing::Values(postgresql_quirks()), store_name);
INSTANTIATE_TEST_SUITE_P(Postgresql, JobStoreProcesses, testing::Values(postgresql_quirks()), store_name);

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;

std::string text_of_error(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

bool is_readable_soon(int fd) {
  pollfd waiting{fd, POLLIN, 0};
  return poll(&waiting, 1, 60'000) == 1;
}

// Each test has tables of its own on the shared server.
class PostgresqlStore : public testing::Test {
 protected:
  virtual const PostgresqlServer& server() const { return shared_postgresql_server(); }

  PostgresqlStoreOptions options() const { return server().store_options(pg_prefix_in(directory_.path())); }

  std::string table(const char* suffix) const {
    return "public.\"" + pg_prefix_in(directory_.path()) + suffix + "\"";
  }

  JobStorePtr open() const { return open(options()); }
  static JobStorePtr open(const PostgresqlStoreOptions& options) {
    JobStorePtr store = make_postgresql_job_store(options);
    store->open();
    return store;
  }

  static void add(JobStore& store, const std::string& id, double seconds = 1) {
    const NewJob job = scheduled(minutely_job(id), seconds);
    store.add(std::span(&job, 1), OnConflict::kFail);
  }

  ClaimRequest request(double seconds = 1) const {
    ClaimRequest request;
    request.owner = owner_;
    request.claim_id = make_uuid();
    request.time = call_time(seconds);
    request.boot_id = "boot-1";
    request.lease = std::chrono::seconds(3'600);
    request.limit = 100;
    request.exclusions = &none_;
    return request;
  }

  static bool complete(JobStore& store, const ClaimPtr& claim) {
    const RunEnd end = end_of(claim, 0, RunState::kSucceeded, 2);
    return store.complete(std::span(&end, 1), call_time(2)).at(0).accepted;
  }

  const Uuid owner_ = make_uuid();
  const Exclusions none_;
  TemporaryDirectory directory_;
};

// A server that the test may break.
class PostgresqlServerOfItsOwn : public PostgresqlStore {
 protected:
  explicit PostgresqlServerOfItsOwn(const std::vector<std::string>& settings = {"fsync=off"})
      : server_(settings) {}
  const PostgresqlServer& server() const override { return server_; }

  PostgresqlServer server_;
};

TEST_F(PostgresqlStore, ManyNodesMakeTheTablesAtOnce) {
  PostgresqlStoreOptions in_schema = options();
  in_schema.schema = "made_" + options().table_prefix;
  std::atomic<int> opened{0};
  {
    std::vector<std::jthread> nodes;
    for (int i = 0; i < 4; ++i) {
      nodes.emplace_back([&] { opened += open(in_schema)->count() == 0 ? 1 : 0; });
    }
  }
  EXPECT_EQ(opened, 4);
  add(*open(in_schema), "job");
  EXPECT_EQ(open()->count(), 0u);  // the same prefix elsewhere is another store
}

TEST_F(PostgresqlStore, ANewerSchemaIsRefusedAndLeftAlone) {
  open()->close();
  server().query("UPDATE " + table("_meta") + " SET value = '2' WHERE key = 'schema_version'");
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kNewerVersion);
  EXPECT_THAT(text_of_error([&] { open(); }), HasSubstr("schema version 2, this duetime knows up to 1"));
  EXPECT_EQ(server().query("SELECT value FROM " + table("_meta")), "2");
}

TEST_F(PostgresqlStore, TablesOfAnotherShapeAreRefused) {
  server().query("CREATE TABLE " + table("_jobs") + " (id text)");
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kStoreCorrupt);
  EXPECT_EQ(server().query("SELECT count(*)::text FROM pg_class WHERE relname LIKE '" +
                           options().table_prefix + "_%' AND relkind = 'r'"),
            "1");
}

TEST_F(PostgresqlStore, ADroppedTableIsToldUntilItIsBack) {
  const JobStorePtr store = open();
  add(*store, "job");
  server().query("ALTER TABLE " + table("_jobs") + " RENAME TO gone");
  EXPECT_EQ(error_of([&] { store->count(); }), ErrorCode::kStoreCorrupt);
  EXPECT_EQ(error_of([&] { store->claim_due(request(), run_minutely); }), ErrorCode::kStoreCorrupt);
  EXPECT_THAT(text_of_error([&] { add(*store, "other"); }), HasSubstr("does not exist"));
  server().query("ALTER TABLE public.gone RENAME TO \"" + options().table_prefix + "_jobs\"");
  EXPECT_THAT(store->claim_due(request(), run_minutely).claims, SizeIs(1));
}

TEST_F(PostgresqlStore, AnInstantOutOfRangeIsParked) {
  const JobStorePtr store = open();
  add(*store, "bad");
  add(*store, "good");
  server().query("UPDATE " + table("_jobs") + " SET next_run_time = -9223372036854775808 WHERE id = 'bad'");
  const ClaimResult result = store->claim_due(request(), run_minutely);
  EXPECT_THAT(ids_of(result.claims), ElementsAre("good"));
  EXPECT_THAT(ids_of(result.unreadable), ElementsAre("bad"));
}

TEST_F(PostgresqlStore, LeasesCountOnTheServersClock) {
  const JobStorePtr store = open();
  add(*store, "job");
  const ClaimPtr claim = store->claim_due(request(), run_minutely).claims.at(0);
  EXPECT_EQ(
      server().query("SELECT (lease_until > extract(epoch FROM clock_timestamp()) * 1000000)::text FROM " +
                     table("_runs")),
      "true");
  EXPECT_THAT(store->reclaim_expired(request(1e9)).abandoned, IsEmpty());
  EXPECT_TRUE(complete(*store, claim));
}

// Nodes go on while somebody's transaction has jobs of its own that are not committed.
TEST_F(PostgresqlStore, ALongTransactionOfSomebodyElseBlocksNobody) {
  const JobStorePtr store = open();
  add(*store, "job");
  PgConnection other(options());
  const auto run = [&](const std::string& sql) {
    const PgStatement statement(sql, PgStatement::Use::kOnce);
    other.run(PgBatch().add(statement), PgEffect::kNone);
  };
  run("BEGIN");
  run("INSERT INTO " + table("_jobs") +
      " SELECT 'uncommitted', status, next_run_time, fire_time, task, executor, tags, n, n, n, document "
      "FROM " +
      table("_jobs") + ", nextval('" + table("_numbers") + "') n");
  const ClaimPtr claim = store->claim_due(request(), run_minutely).claims.at(0);
  EXPECT_TRUE(complete(*store, claim));
  add(*store, "another");
  EXPECT_EQ(store->count(), 2u);
}

TEST_F(PostgresqlStore, ALockedJobIsLeftToWhoHoldsIt) {
  const JobStorePtr store = open();
  add(*store, "held");
  add(*store, "free");
  PgConnection other(options());
  const PgStatement begin("BEGIN");
  const PgStatement lock("SELECT FROM " + table("_jobs") + " WHERE id = 'held' FOR UPDATE");
  other.run(PgBatch().add(begin).add(lock), PgEffect::kNone);
  EXPECT_THAT(ids_of(store->claim_due(request(), run_minutely).claims), ElementsAre("free"));
}

// Each look at this clock finds it a second later.
TEST_F(PostgresqlStore, ALeaseThatEndsDuringALookIsNotForgotten) {
  server().query("CREATE SEQUENCE " + table("_ticks"));
  PostgresqlStoreOptions ticking = options();
  ticking.lease_time = "(SELECT nextval('" + table("_ticks") + "') * 1000000)";
  const JobStorePtr store = open(ticking);
  for (int lease = 5; lease < 25; ++lease) {
    add(*store, "job");
    ClaimRequest claiming = request();
    claiming.lease = std::chrono::seconds(lease);
    ASSERT_THAT(store->claim_due(claiming, run_once).claims, SizeIs(1));
    for (;;) {
      const ClaimResult result = store->reclaim_expired(request());
      if (!result.abandoned.empty()) break;
      ASSERT_TRUE(result.next_expiry) << "lease of " << lease;
    }
  }
}

// Its node may die before it takes the run over.
TEST_F(PostgresqlStore, ARunThatAnotherNodeIsTakingOverIsLookedAtAgain) {
  const JobStorePtr store = open();
  add(*store, "job");
  ASSERT_THAT(store->claim_due(request(), run_once).claims, SizeIs(1));
  server().query("UPDATE " + table("_runs") + " SET lease_until = 0");
  {
    PgConnection other(options());
    const PgStatement begin("BEGIN");
    const PgStatement lock("SELECT FROM " + table("_runs") + " FOR UPDATE");
    other.run(PgBatch().add(begin).add(lock), PgEffect::kNone);
    const ClaimResult result = store->reclaim_expired(request());
    EXPECT_THAT(result.abandoned, IsEmpty());
    EXPECT_EQ(result.next_expiry, request().time.now);
  }
  eventually([&] {
    if (store->reclaim_expired(request()).abandoned.empty()) throw Error(ErrorCode::kTimeout, "still locked");
    return true;
  });
}

TEST_F(PostgresqlStore, AStatementThatWaitsTooLongDidNothing) {
  PostgresqlStoreOptions hasty = options();
  const JobStorePtr patient = open();
  add(*patient, "held");
  hasty.command_timeout = std::chrono::seconds(5);
  const JobStorePtr store = eventually([&] { return open(hasty); });
  PgConnection other(options());
  const PgStatement begin("BEGIN");
  const PgStatement lock("SELECT FROM " + table("_jobs") + " WHERE id = 'held' FOR UPDATE");
  const PgStatement rollback("ROLLBACK");
  other.run(PgBatch().add(begin).add(lock), PgEffect::kNone);
  EXPECT_EQ(error_of([&] { store->remove("held"); }), ErrorCode::kStoreUnavailable);
  other.run(PgBatch().add(rollback), PgEffect::kNone);
  EXPECT_TRUE(patient->get("held"));
}

TEST_F(PostgresqlStore, TerminatedConnectionsAreMadeAnew) {
  const JobStorePtr store = open();
  add(*store, "job");
  for (int round = 0; round < 3; ++round) {
    server().query(
        "SELECT count(pg_terminate_backend(pid))::text FROM pg_stat_activity WHERE pid <> "
        "pg_backend_pid() AND backend_type = 'client backend'");
    EXPECT_EQ(eventually([&] { return store->count(); }), 1u);
  }
  EXPECT_TRUE(store->drain_changes());  // something may have been missed
  EXPECT_THAT(eventually([&] { return store->claim_due(request(), run_minutely); }).claims, SizeIs(1));
  EXPECT_EQ(store->poll_interval(), Duration{0});
}

// Two transactions that take locks in opposite orders: the one that the server undoes is made again.
TEST_F(PostgresqlStore, DeadlocksAreTriedAgain) {
  const JobStorePtr store = open();
  std::vector<NewJob> jobs;
  for (int i = 0; i < 40; ++i) jobs.push_back(scheduled(minutely_job("job-" + std::to_string(i)), 1));
  store->add(jobs, OnConflict::kFail);
  std::atomic<bool> stop{false};
  std::jthread stirrer([&] {
    for (int i = 0; !stop; ++i) {
      try {
        server().query("UPDATE " + table("_jobs") + " SET task = task WHERE id IN (SELECT id FROM " +
                       table("_jobs") + " ORDER BY random() FOR UPDATE)");
      } catch (const Error&) {
        // the server chose this one
      }
    }
  });
  for (int i = 0; i < 30; ++i) store->add(jobs, OnConflict::kReplace);
  stop = true;
  EXPECT_EQ(store->count(), 40u);
}

TEST_F(PostgresqlStore, AReadOnlyServerIsUnavailable) {
  open();
  PostgresqlStoreOptions reading = options();
  reading.uri = "postgresql://?options=-c%20default_transaction_read_only%3Don";
  const JobStorePtr store = open(reading);
  EXPECT_EQ(error_of([&] { add(*store, "job"); }), ErrorCode::kStoreUnavailable);
  EXPECT_THAT(text_of_error([&] { add(*store, "job"); }), HasSubstr("read-only"));
  EXPECT_EQ(store->count(), 0u);
}

TEST_F(PostgresqlStore, CallsWaitForAConnectionOfTheOnlyOne) {
  PostgresqlStoreOptions one = options();
  one.pool_size = 1;
  const JobStorePtr store = open(one);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&, i] { add(*store, "job-" + std::to_string(i)); });
  threads.clear();
  EXPECT_EQ(store->count(), 8u);
  EXPECT_THAT(store->claim_due(request(), run_minutely).claims, SizeIs(8));
  EXPECT_THAT(store->reclaim_expired(request()).claims, IsEmpty());
}

TEST_F(PostgresqlStore, TellsAnotherNodeAtOnce) {
  const JobStorePtr one = open();
  const JobStorePtr other = open();
  EXPECT_EQ(other->poll_interval(), Duration{0});
  other->drain_changes();
  add(*one, "job");
  EXPECT_TRUE(is_readable_soon(other->change_fd()));
  EXPECT_TRUE(other->drain_changes());
}

TEST_F(PostgresqlStore, AForkedChildStartsAnew) {
  const JobStorePtr store = open();
  add(*store, "before");
  EXPECT_TRUE(in_child([&] {
    store->abandon_after_fork();
    EXPECT_EQ(store->change_fd(), -1);
    EXPECT_EQ(error_of([&] { store->count(); }), ErrorCode::kStoreUnavailable);
    store->open();
    add(*store, "by-child");
    return store->count() == 2;
  }));
  add(*store, "by-parent");
  EXPECT_EQ(store->count(), 3u);
}

TEST_F(PostgresqlServerOfItsOwn, AServerThatIsGoneIsAnErrorUntilItIsBack) {
  const JobStorePtr store = open();
  const JobStorePtr other = open();
  add(*store, "job");
  server_.stop();
  EXPECT_EQ(error_of([&] { store->count(); }), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kStoreUnavailable);
  EXPECT_TRUE(other->drain_changes());
  EXPECT_GT(other->poll_interval(), Duration{0});
  server_.start();
  EXPECT_EQ(eventually([&] { return store->count(); }), 1u);
  EXPECT_THAT(eventually([&] { return other->claim_due(request(), run_minutely); }).claims, SizeIs(1));
  EXPECT_EQ(other->poll_interval(), Duration{0});
}

// A server that stands still costs the caller its deadline and no more.
TEST_F(PostgresqlServerOfItsOwn, AServerThatStandsStillIsLeftAtTheDeadline) {
  PostgresqlStoreOptions hasty = options();
  hasty.command_timeout = hasty.connect_timeout = std::chrono::milliseconds(200);
  const JobStorePtr store = eventually([&] { return open(hasty); });
  eventually([&] {
    const NewJob job = scheduled(minutely_job("job"), 1);
    store->add(std::span(&job, 1), OnConflict::kReplace);
    return true;
  });
  server_.pause();
  EXPECT_EQ(error_of([&] { store->count(); }), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(error_of([&] { store->claim_due(request(), run_minutely); }), ErrorCode::kStoreUnavailable);
  server_.resume();
  EXPECT_EQ(eventually([&] { return store->count(); }), 1u);
}

// The write that was given up still waits at the server, and is carried out when the server goes on, or not:
// either way the fires are claimed once, by the call that was answered.
TEST_F(PostgresqlServerOfItsOwn, AClaimOfUnknownOutcomeIsRepeatedWithoutDoubleOrLoss) {
  PostgresqlStoreOptions impatient = options();
  impatient.command_timeout = std::chrono::milliseconds(300);
  const JobStorePtr store = open();
  const JobStorePtr hasty = eventually([&] { return open(impatient); });
  for (int round = 0; round < 5; ++round) {
    store->remove_all();
    add(*store, "a");
    add(*store, "b");
    const ClaimRequest asked = request(1);
    const auto stop_and_plan = [&](const Job& job, const JobPosition& position, Instant now, int running) {
      server_.pause();
      return run_minutely(job, position, now, running);
    };
    const ErrorCode code = error_of([&] { hasty->claim_due(asked, stop_and_plan); });
    EXPECT_TRUE(code == ErrorCode::kTimeout || code == ErrorCode::kStoreUnavailable);
    server_.resume();
    const ClaimResult result = eventually([&] { return hasty->claim_due(asked, run_minutely); });
    EXPECT_THAT(ids_of(result.claims), UnorderedElementsAre("a", "b"));
    for (const ClaimPtr& claim : result.claims) EXPECT_TRUE(complete(*store, claim));
    EXPECT_THAT(store->list_runs({.state = RunState::kClaimed}), IsEmpty());
  }
}

// What was answered is in the server's log, and what was not is asked again.
class PostgresqlOnDisk : public PostgresqlServerOfItsOwn {
 protected:
  PostgresqlOnDisk() : PostgresqlServerOfItsOwn({}) {}
};

TEST_F(PostgresqlOnDisk, AServerThatIsKilledLosesAndDoublesNothing) {
  constexpr int kJobs = 300;
  const StoreWorkers workers([&]() -> JobStorePtr {
    const auto store = std::make_shared<PgTurnedClockStore>(options(), server_);
    store->open();
    return store;
  });
  workers.add_one_shots(kJobs);
  int kills = 0;
  int steps = 0;
  workers.work(*workers.open(), 7, [&](const char*) {
    if (++steps % 61 != 0 || kills == 4) return;
    server_.stop();
    server_.start();
    ++kills;
  });
  EXPECT_EQ(kills, 4);
  workers.expect_each_fire_once(kJobs);
}

class PostgresqlFullServer : public PostgresqlServerOfItsOwn {
 protected:
  PostgresqlFullServer() : PostgresqlServerOfItsOwn({"fsync=off", "max_connections=7"}) {}
};

TEST_F(PostgresqlFullServer, WithoutAFreeConnectionItWaitsForBetterTimes) {
  std::vector<std::unique_ptr<PgConnection>> others;
  try {
    while (others.size() < 50) others.push_back(std::make_unique<PgConnection>(options()));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kStoreUnavailable);
    EXPECT_THAT(error.what(), HasSubstr("too many clients"));
  }
  EXPECT_THAT(others, SizeIs(testing::Lt(50u)));
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kStoreUnavailable);
  others.clear();
  EXPECT_EQ(eventually([&] { return open()->count(); }), 0u);
}

TEST_F(PostgresqlServerOfItsOwn, PasswordsAreUsedAndNeverTold) {
  server_.query("CREATE ROLE worker LOGIN SUPERUSER PASSWORD 's3cret'");
  server_.write_file("pg_hba.conf", "local all postgres trust\nlocal all all scram-sha-256\n");
  server_.query("SELECT pg_reload_conf()::text");
  PostgresqlStoreOptions worker = options();
  worker.parameters["user"] = "worker";
  worker.parameters["password"] = "wr0ng";
  eventually([&] {
    const std::string told = text_of_error([&] { open(worker); });
    if (told == "no error") throw Error(ErrorCode::kStoreUnavailable, "not yet reloaded");
    EXPECT_THAT(told, AllOf(HasSubstr("password authentication failed"), Not(HasSubstr("wr0ng"))));
    return true;
  });
  const JobStorePtr store = make_postgresql_job_store(worker);
  EXPECT_EQ(error_of([&] { store->open(); }), ErrorCode::kStoreUnavailable);
  server_.query("ALTER ROLE worker PASSWORD 'wr0ng'");  // the mistake was the server's
  store->open();
  EXPECT_EQ(store->count(), 0u);
  EXPECT_THAT(store->description(), Not(HasSubstr("wr0ng")));
}

TEST(PostgresqlUrl, BecomesConfiguration) {
  EXPECT_EQ(postgresql_configuration_from_url(
                "//me:p%40s@h.example:5433/jobs?sslmode=require&schema=s&table_prefix=t&pool_size=2"
                "&application_name=x&command_timeout_us=5000"),
            (Json{{"type", "postgresql"},
                  {"uri", "postgresql://me:p%40s@h.example:5433/jobs?sslmode=require&application_name=x"},
                  {"schema", "s"},
                  {"table_prefix", "t"},
                  {"pool_size", 2},
                  {"command_timeout_us", 5000}}));
  EXPECT_EQ(make_job_store_from_url("postgres://me:s3cret@h.example:5433/jobs")->description(),
            "postgresql://h.example:5433/jobs, tables duetime_*");
}

TEST(PostgresqlUrl, WhatIsWrongIsToldWithoutTheSecret) {
  for (const char* url :
       {"postgresql:s3cret", "postgresql://u:s3cret%zz@h/x", "postgresql://u:s3cret@h/x?sslmod=require",
        "postgresql://u:s3cret@h/x?pool_size=many", "postgresql://u:s3cret@h/x?table_prefix=1",
        "postgresql://u:s3cret@h/x?schema=a%22b", "postgresql://u:s3cret@h/x?pool_size=0"}) {
    EXPECT_EQ(error_of([&] { make_job_store_from_url(url)->open(); }), ErrorCode::kInvalidArgument) << url;
    const std::string told = text_of_error([&] { make_job_store_from_url(url)->open(); });
    EXPECT_THAT(told, AllOf(Not(HasSubstr("s3cret")), Not(HasSubstr("no error")))) << url;
  }
  EXPECT_THAT(text_of_error([] { make_job_store_from_url("postgresql://h/x?sslmod=require")->open(); }),
              HasSubstr("'sslmod'"));
}

TEST(PostgresqlLibrary, SaysWhatToInstall) {
  EXPECT_EQ(error_of([] { load_pq_library("/nowhere/libpq.so"); }), ErrorCode::kStoreUnavailable);
  EXPECT_THAT(text_of_error([] { load_pq_library("/nowhere/libpq.so"); }),
              HasSubstr("DUETIME_LIBPQ_LIBRARY cannot be loaded"));
  EXPECT_THAT(text_of_error([] { load_pq_library("libm.so.6"); }), HasSubstr("has no function PQ"));
}

}  // namespace
}  // namespace duetime
