#include "core/jobstores/mongodb.h"

#include <limits>
#include <set>
#include <thread>

#include "core/jobs/job_document.h"
#include "core/jobstores/mongodb_import.h"
#include "core/jobstores/registry.h"
#include "tests/core/jobstores/mongodb_test_support.h"

namespace duetime {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

INSTANTIATE_TEST_SUITE_P(Mongodb, JobStoreContract, testing::ValuesIn(mongo_quirks_where_there_is_a_server()),
                         store_name);
INSTANTIATE_TEST_SUITE_P(Mongodb, JobStoreLeaseContract,
                         testing::ValuesIn(mongo_quirks_where_there_is_a_server()), store_name);

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// --- options and library: no server is needed

Json configuration_with(const char* member, const Json& value) {
  Json configuration{{"type", "mongodb"}, {"uri", "mongodb://localhost"}};
  configuration[member] = value;
  return configuration;
}

TEST(MongoOptions, AreChecked) {
  const auto code_of = [](const char* member, const Json& value) {
    return error_of([&] { make_job_store(configuration_with(member, value)); });
  };
  EXPECT_EQ(error_of([] { make_job_store(Json{{"type", "mongodb"}}); }), ErrorCode::kInvalidArgument);
  for (const char* uri : {"", "localhost", "http://localhost", "mongodb:localhost"}) {
    EXPECT_EQ(code_of("uri", uri), ErrorCode::kInvalidArgument) << uri;
  }
  for (const char* name : {"a.b", "a b", "a$b", "a/b", "\xff"}) {
    EXPECT_EQ(code_of("database", name), ErrorCode::kInvalidArgument) << name;
  }
  for (const char* prefix : {"", "a$b", "system.x", ".a", "\xff"}) {
    EXPECT_EQ(code_of("prefix", prefix), ErrorCode::kInvalidArgument) << prefix;
  }
  EXPECT_EQ(code_of("prefix", std::string(101, 'p')), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of("timeout_us", 0), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of("host", "localhost"), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(make_job_store(configuration_with("prefix", std::string(100, 'p'))));
}

TEST(MongoOptions, OfAUrl) {
  EXPECT_EQ(make_job_store_from_url("mongodb://a:1,b:2/db?replicaSet=x")->description(),
            "mongodb:a:1,b:2/db/duetime");
  EXPECT_EQ(make_job_store_from_url("mongodb+srv://cluster.example/db")->description(),
            "mongodb:cluster.example/db/duetime");
}

TEST(MongoOptions, AreNeverToldWithTheirSecrets) {
  for (const char* uri :
       {"mongodb://ada:s3cret@localhost:1/?w=0", "mongodb://ada:s3cret@localhost:1/?nonsense",
        "mongodb://ada:s3cret@", "mongodb://ada:s3cret@%zz/", "mongodb://ada:s3cret/@x:y:z/",
        "mongodb://ada:s3cret?@host"}) {
    const JobStorePtr store = make_job_store(configuration_with("uri", uri));
    EXPECT_THAT(store->description(), Not(HasSubstr("s3cret"))) << uri;
    EXPECT_THAT(message_of([&] { store->open(); }), AllOf(Not(HasSubstr("s3cret")), Not("no error"))) << uri;
  }
}

TEST(MongoOptions, WritesMustBeAcknowledged) {
  const JobStorePtr store = make_job_store(configuration_with("uri", "mongodb://localhost:1/?w=0"));
  EXPECT_EQ(error_of([&] { store->open(); }), ErrorCode::kInvalidArgument);
}

TEST(MongoLibrary, ThatIsMissingOrForeignIsAnError) {
  const auto error_for = [](const char* path) {
    EXPECT_EQ(error_of([&] { load_mongoc_library(path); }), ErrorCode::kStoreUnavailable);
    return message_of([&] { load_mongoc_library(path); });
  };
  EXPECT_THAT(error_for("/nonexistent/libmongoc.so"), HasSubstr("/nonexistent/libmongoc.so"));
  EXPECT_THAT(error_for("libm.so.6"), HasSubstr("bson_"));
}

TEST(MongoLibrary, IsFoundOnTheSystem) {
  EXPECT_THAT(std::string(load_mongoc_library(nullptr).mongoc_get_version()), HasSubstr("1."));
}

TEST(MongoServerThatIsNotThere, IsUnavailable) {
  const JobStorePtr store = make_job_store(configuration_with("uri", "mongodb://127.0.0.1:1"));
  EXPECT_EQ(error_of([&] { store->open(); }), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(error_of([&] { store->count(); }), ErrorCode::kStoreUnavailable);
}

// --- with a server

class MongoStore : public testing::Test {
 protected:
  void SetUp() override {
    if (!MongoServer::is_to_be_had()) GTEST_SKIP() << "there is no MongoDB server to be had here";
  }

  MongoStoreOptions options() const { return mongo_options(MongoServer::shared(), name_); }
  JobStorePtr open() const { return open_mongo_store(options()); }

  static void add(JobStore& store, const NewJob& job) { store.add(std::span(&job, 1), OnConflict::kFail); }
  static void add(JobStore& store, const std::string& id) { add(store, scheduled(minutely_job(id), 1)); }

  ClaimRequest request(double seconds, std::size_t limit = 100) const {
    ClaimRequest request;
    request.owner = owner_;
    request.claim_id = make_uuid();
    request.time = call_time(seconds);
    request.lease = lease_;
    request.limit = limit;
    request.exclusions = &none_;
    return request;
  }

  ClaimPtr claim_one(JobStore& store, double seconds, const RunPlanner& planner = run_minutely) const {
    return store.claim_due(request(seconds), planner).claims.at(0);
  }

  static CompletionResult complete(JobStore& store, const ClaimPtr& claim, double seconds) {
    const RunEnd end = end_of(claim, 0, RunState::kSucceeded, seconds);
    return store.complete(std::span(&end, 1), call_time(seconds)).at(0);
  }

  const std::string name_ = "t" + to_string(make_uuid());
  const Uuid owner_ = make_uuid();
  const Exclusions none_;
  Duration lease_ = std::chrono::seconds(30);
};

// faults.md calls for this before any test of claims: a server whose findAndModify is not atomic proves
// nothing.
TEST_F(MongoStore, RestsOnAServerThatCountsRight) {
  constexpr int kClients = 8;
  constexpr int kSteps = 250;
  MongoInside inside(options());
  inside.connection().insert(inside.meta(), {Bson{{"_id", "counter"}, {"value", 0}}});
  std::mutex mutex;
  std::set<int64_t> seen;
  const auto count = [&] {
    for (int i = 0; i < kSteps; ++i) {
      const std::string answer =
          inside.connection().write(Bson{{"findAndModify", inside.meta()},
                                         {"query", Bson{{"_id", "counter"}}},
                                         {"update", Bson{{"$inc", Bson{{"value", 1}}}}},
                                         {"fields", Bson{{"value", 1}}},
                                         {"new", true}});
      const std::lock_guard lock(mutex);
      seen.insert(*BsonView(answer).document("value")->integer("value"));
    }
  };
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) clients.emplace_back(count);
  for (std::thread& client : clients) client.join();
  EXPECT_THAT(seen, SizeIs(kClients * kSteps));
  EXPECT_EQ(*seen.rbegin(), kClients * kSteps);
}

TEST_F(MongoStore, TwoPrefixesAreTwoStores) {
  MongoStoreOptions other = options();
  other.prefix += "_2";
  const JobStorePtr second = open_mongo_store(other);
  const JobStorePtr first = open();
  add(*first, "job");
  EXPECT_EQ(second->count(), 0u);
  EXPECT_EQ(first->description(), "mongodb:" + options().uri.substr(10) + "/tests/" + name_);
}

TEST_F(MongoStore, OfANewerSchemaIsLeftAlone) {
  add(*open(), "job");
  MongoInside inside(options());
  inside.set(inside.meta(), "schema", Bson{{"version", 2}});
  const std::string before = inside.document(inside.jobs(), "job");
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kNewerVersion);
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("schema version 2"));
  EXPECT_EQ(inside.document(inside.jobs(), "job"), before);
}

TEST_F(MongoStore, CollectionsOfOthersAreRefused) {
  MongoInside inside(options());
  inside.connection().insert(inside.jobs(), {Bson{{"_id", "theirs"}}});
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kStoreCorrupt);
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("choose another prefix"));
  EXPECT_EQ(inside.count(inside.meta()), 0);
  inside.connection().insert(inside.meta(), {Bson{{"_id", "schema"}, {"version", "one"}}});
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kStoreCorrupt);
}

TEST_F(MongoStore, CollectionsThatAreDroppedAreMissed) {
  const JobStorePtr store = open();
  add(*store, "job");
  const int64_t before = store->get("job")->position.version;
  MongoInside inside(options());
  for (const std::string& collection : {inside.meta(), inside.jobs(), inside.runs()}) {
    inside.connection().write(Bson{{"drop", collection}});
  }
  EXPECT_EQ(error_of([&] { add(*store, "lost"); }), ErrorCode::kStoreUnavailable);
  EXPECT_THAT(message_of([&] { store->drain_changes(); }), HasSubstr("dropped"));
  store->close();
  store->open();
  add(*store, "job");
  EXPECT_GT(store->get("job")->position.version, before);
}

TEST_F(MongoStore, TellsOfTheChangesOfOthers) {
  const JobStorePtr store = open();
  const JobStorePtr other = open();
  EXPECT_FALSE(store->drain_changes());
  add(*store, "job");
  EXPECT_FALSE(store->drain_changes());
  EXPECT_TRUE(other->drain_changes());
  EXPECT_TRUE(other->drain_changes());  // in case that the job was not there yet
  int again = 0;
  for (int i = 0; i < 100; ++i) again += other->drain_changes();
  EXPECT_GT(again, 0);
  EXPECT_LT(again, 10);
  EXPECT_FALSE(other->drain_changes());
  other->remove("job");
  EXPECT_TRUE(store->drain_changes());
  EXPECT_GT(store->poll_interval(), Duration{0});
}

// --- documents that are not as they should be

TEST_F(MongoStore, AJobThatCannotBeUnderstoodIsParkedAsItIs) {
  const JobStorePtr store = open();
  MongoInside inside(options());
  const std::vector<Bson> changes = {
      Bson{{"next_run_time", "soon"}},
      Bson{{"next_run_time", int64_t{INT64_MAX}}},
      Bson{{"fire_time", int64_t{INT64_MIN}}},
      Bson{{"status", "sleeping"}},
      Bson{{"status", std::nullopt}},
      Bson{{"version", "1"}},
      Bson{{"revision", std::nullopt}},
      Bson{{"task", "other:task"}},
      Bson{{"executor", 5}},
      Bson{{"document", 7}},
      Bson{{"document", Bson{{"$gt", ""}}}},
  };
  for (const Bson& change : changes) {
    add(*store, "bad");
    inside.set(inside.jobs(), "bad", change);
    const std::string before = inside.document(inside.jobs(), "bad");
    const std::optional<JobRecord> record = store->get("bad");
    ASSERT_TRUE(record);
    EXPECT_EQ(record->job, nullptr);
    EXPECT_THAT(record->unreadable, Not(IsEmpty()));
    EXPECT_THAT(ids_of(store->list({})), ElementsAre("bad"));
    EXPECT_THAT(store->claim_due(request(2), run_minutely).claims, IsEmpty());
    EXPECT_EQ(inside.document(inside.jobs(), "bad"), before);
    EXPECT_TRUE(store->remove("bad"));
    EXPECT_EQ(inside.count(inside.jobs()), 0);
  }
}

TEST_F(MongoStore, RunsThatCannotBeUnderstoodKeepTheirJob) {
  const JobStorePtr store = open();
  MongoInside inside(options());
  add(*store, "job");
  inside.set(inside.jobs(), "job",
             Bson{{"runs", std::vector<BsonValue>{"x", 5, Bson{{"state", "asleep"}}}}, {"ended", "none"}});
  EXPECT_TRUE(store->get("job")->job);
  EXPECT_THAT(store->list_runs({}), IsEmpty());
  EXPECT_TRUE(store->remove("job"));
  EXPECT_EQ(store->count(), 0u);
  EXPECT_EQ(inside.count(inside.jobs()), 1);  // with what may be somebody's runs
}

TEST_F(MongoStore, DocumentsUnderIdsThatAreNoTextsAreNotOurs) {
  const JobStorePtr store = open();
  MongoInside inside(options());
  inside.connection().insert(inside.jobs(),
                             {Bson{{"_id", 5}, {"status", "scheduled"}, {"next_run_time", 1}}});
  add(*store, "job");
  EXPECT_THAT(ids_of(store->list({})), ElementsAre("job"));
  EXPECT_THAT(ids_of(store->claim_due(request(2), run_minutely).claims), ElementsAre("job"));
}

TEST_F(MongoStore, NumbersThatAShellWroteAreRead) {
  const JobStorePtr store = open();
  MongoInside inside(options());
  add(*store, "job");
  // The least that a shell does: it writes doubles. 0x41d95cad00000000 is 1702016000.0.
  const std::string number("\0\0\0\0\xad\x5c\xd9\x41", 8);
  const std::string fields = "\x01next_run_time" + std::string(1, '\0') + number;
  const auto size = static_cast<char>(fields.size() + 5);
  const std::string document = std::string(1, size) + std::string(3, '\0') + fields + std::string(1, '\0');
  inside.set(inside.jobs(), "job", Bson::copy_of(document));
  EXPECT_EQ(store->get("job")->position.next_run_time, from_micros(1702016000));
}

// As a server may show it that hands out documents in the middle of an update.
TEST_F(MongoStore, AFireThatOnlyHalfOfTheDocumentKnowsIsNotClaimed) {
  const JobStorePtr store = open();
  MongoInside inside(options());
  add(*store, "job");
  const auto moved_on_meanwhile = [&](const Job& job, const JobPosition& position, Instant now, int running) {
    inside.set(inside.jobs(), "job", Bson{{"next_run_time", at(61)}});
    return run_minutely(job, position, now, running);
  };
  EXPECT_THAT(store->claim_due(request(2), moved_on_meanwhile).claims, IsEmpty());
  EXPECT_THAT(store->list_runs({}), IsEmpty());
  EXPECT_EQ(claim_one(*store, 61)->runs.at(0).scheduled_time, at(61));
}

// --- how runs end

// As if the node had died once the run had ended and before it was filed.
void take_back_from_history(MongoInside& inside, const std::string& job_id, const Uuid& run_id,
                            bool was_copied) {
  const std::string filed = inside.document(inside.runs(), to_string(run_id));
  ASSERT_FALSE(filed.empty());
  inside.set(inside.jobs(), job_id, Bson{{"ended", std::vector<Bson>{Bson::copy_of(filed)}}});
  if (was_copied) return;
  inside.connection().erase(inside.runs(), {delete_statement(Bson{{"_id", run_id}})});
}

TEST_F(MongoStore, AnEndIsNeitherLostNorDoubledWhenItsNodeDies) {
  for (const bool was_copied : {false, true}) {
    const JobStorePtr store = open();
    MongoInside inside(options());
    store->remove_all();
    store->prune_runs({.max_count = 0}, at(0));
    add(*store, "job");
    const ClaimPtr claim = claim_one(*store, 1);
    ASSERT_TRUE(complete(*store, claim, 2).accepted);
    take_back_from_history(inside, "job", claim->runs[0].id, was_copied);

    const auto runs = [&] { return store->list_runs({}); };
    ASSERT_THAT(runs(), SizeIs(1));
    EXPECT_EQ(runs()[0].state, RunState::kSucceeded);
    EXPECT_TRUE(complete(*store, claim, 3).accepted);  // and files it
    take_back_from_history(inside, "job", claim->runs[0].id, was_copied);
    store->prune_runs({}, at(4));
    ASSERT_THAT(runs(), SizeIs(1));
    EXPECT_EQ(runs()[0].ended_at, at(2));
    EXPECT_EQ(inside.count(inside.runs()), 1);
    EXPECT_EQ(inside.count(inside.jobs(), Bson{{"ended", Bson{{"$size", 0}}}}), 1);
  }
}

TEST_F(MongoStore, ASpentJobWhoseNodeDiedBeforeItLeftIsGoneAllTheSame) {
  const JobStorePtr store = open();
  MongoInside inside(options());
  add(*store, "once");
  const ClaimPtr claim = claim_one(*store, 1, run_once);
  MongoRun run = claimed_run(*claim, claim->runs[0]);
  run.record.state = RunState::kSucceeded;
  run.record.ended_at = at(2);
  run.filed_by = owner_;
  run.filed_at = at(2);
  const std::vector<Bson> none;
  inside.set(inside.jobs(), "once", Bson{{"runs", none}, {"ended", documents_of({run})}});

  EXPECT_FALSE(store->get("once"));
  EXPECT_EQ(store->count(), 0u);
  ASSERT_THAT(store->list_runs({}), SizeIs(1));
  add(*store, "once");  // its id is free
  EXPECT_TRUE(store->get("once"));
  EXPECT_THAT(store->list_runs({}), SizeIs(1));
  store->remove("once");
  store->prune_runs({}, at(3));
  EXPECT_EQ(inside.count(inside.jobs()), 0);
  EXPECT_EQ(inside.count(inside.runs()), 1);
}

TEST_F(MongoStore, OfTwoLastEndsOneTakesTheJobAlong) {
  lease_ = std::chrono::minutes(5);
  const JobStorePtr store = open();
  add(*store, "job");
  const ClaimPtr first = claim_one(*store, 1);
  const ClaimPtr last = claim_one(*store, 61, run_once);
  const std::vector<RunEnd> ends = {end_of(first, 0, RunState::kSucceeded, 62),
                                    end_of(last, 0, RunState::kSucceeded, 62)};
  const std::vector<CompletionResult> results = store->complete(ends, call_time(62));
  EXPECT_EQ(results[0].job_removed + results[1].job_removed, 1);
  EXPECT_EQ(store->count(), 0u);
  EXPECT_THAT(store->list_runs({}), SizeIs(2));
}

// --- leases on the server's clock

TEST_F(MongoStore, LeasesCountOnTheServersClock) {
  MongoStoreOptions by_server = options();
  by_server.lease_clock = nullptr;
  const JobStorePtr store = open_mongo_store(by_server);
  const JobStorePtr other = open_mongo_store(by_server);
  add(*store, "job");
  const ClaimPtr claim = claim_one(*store, 1);

  ClaimRequest wrong = request(1);
  wrong.time.now += std::chrono::hours(24);
  wrong.time.boot_time += std::chrono::hours(24);  // as on a host that was started a day earlier
  const ClaimResult result = other->reclaim_expired(wrong);
  EXPECT_THAT(result.abandoned, IsEmpty());
  ASSERT_TRUE(result.next_expiry);
  EXPECT_GT(*result.next_expiry, wrong.time.now);
  EXPECT_LE(*result.next_expiry, wrong.time.now + std::chrono::seconds(30));
  EXPECT_TRUE(complete(*store, claim, 2).accepted);
}

TEST_F(MongoStore, ALeaseOnTheServersClockPasses) {
  MongoStoreOptions by_server = options();
  by_server.lease_clock = nullptr;
  const JobStorePtr store = open_mongo_store(by_server);
  add(*store, "job");
  ClaimRequest brief = request(1);
  brief.lease = std::chrono::milliseconds(1);
  ASSERT_THAT(store->claim_due(brief, run_minutely).claims, SizeIs(1));
  // Each call comes from a host that was started at another time, so that the server is asked each time.
  ClaimRequest asked = request(1);
  for (int i = 0;; ++i) {
    ASSERT_LT(i, 60'000) << "the lease does not pass";
    asked.claim_id = make_uuid();
    asked.time.boot_time += std::chrono::hours(1);
    if (!store->reclaim_expired(asked).abandoned.empty()) break;
  }
}

// --- copying in

constexpr Duration kPatience = std::chrono::seconds(60);

TEST_F(MongoStore, ImportsOnce) {
  const JobStorePtr store = open();
  add(*store, scheduled(minutely_job("taken"), 500));
  const std::vector<NewJob> jobs = {scheduled(minutely_job("a"), 1), scheduled(minutely_job("taken"), 1),
                                    paused(minutely_job("b")), scheduled(minutely_job("a"), 9)};
  MongoSession session(options());
  EXPECT_FALSE(is_imported(session, "old"));
  store->drain_changes();
  EXPECT_TRUE(import_once(session, "old", jobs, kPatience));
  EXPECT_TRUE(store->drain_changes());
  EXPECT_TRUE(is_imported(session, "old"));
  EXPECT_FALSE(is_imported(session, "older"));
  EXPECT_THAT(ids_of(store->list({})), ElementsAre("a", "b", "taken"));
  EXPECT_EQ(store->get("a")->position.next_run_time, at(1));
  EXPECT_EQ(store->get("b")->position.status, JobStatus::kPaused);
  EXPECT_EQ(store->get("taken")->position.next_run_time, at(500));
  store->remove("a");
  EXPECT_FALSE(import_once(session, "old", jobs, kPatience));
  EXPECT_THAT(ids_of(store->list({})), ElementsAre("b", "taken"));
  EXPECT_TRUE(import_once(session, "{$gt: ''}", {}, kPatience));
}

TEST_F(MongoStore, OfSeveralImportersOneImports) {
  std::vector<NewJob> jobs;
  for (int i = 0; i < 100; ++i) jobs.push_back(scheduled(minutely_job("job-" + std::to_string(i)), 1));
  open();
  std::atomic<int> imported = 0;
  std::vector<std::thread> nodes;
  for (int i = 0; i < 4; ++i)
    nodes.emplace_back([&] {
      MongoSession session(options());
      imported += import_once(session, "old", jobs, kPatience);
    });
  for (std::thread& node : nodes) node.join();
  EXPECT_EQ(imported, 1);
  EXPECT_EQ(open()->count(), 100u);
}

// The marker as an importer leaves it that dies.
void leave_marker(MongoInside& inside, const char* state, const char* holder) {
  inside.connection().insert(
      inside.meta(), {Bson{{"_id", "import:old"}, {"state", state}, {"holder", holder}, {"until", 1}}});
}

void stage(MongoInside& inside, const std::string& id, const char* holder) {
  inside.set(inside.jobs(), id,
             Bson{{"status", kImportingWord},
                  {"next_run_time", std::nullopt},
                  {"import", Bson{{"source", "old"},
                                  {"holder", holder},
                                  {"status", "scheduled"},
                                  {"next_run_time", to_micros(at(7))}}}});
}

TEST_F(MongoStore, AnImportThatDiedBeforeItWasDecidedBeginsAnew) {
  const JobStorePtr store = open();
  MongoSession session(options());
  MongoInside inside(options());
  add(*store, "a");
  add(*store, "gone at the source");
  stage(inside, "a", "dead");
  stage(inside, "gone at the source", "dead");
  leave_marker(inside, "staging", "dead");
  EXPECT_THAT(store->list({}), IsEmpty());
  EXPECT_THAT(store->claim_due(request(10), run_minutely).claims, IsEmpty());
  EXPECT_FALSE(is_imported(session, "old"));

  const std::vector<NewJob> jobs = {scheduled(minutely_job("a"), 1), scheduled(minutely_job("b"), 1)};
  EXPECT_TRUE(import_once(session, "old", jobs, kPatience));
  EXPECT_THAT(ids_of(store->list({})), ElementsAre("a", "b"));
  EXPECT_EQ(store->get("a")->position.next_run_time, at(1));
  EXPECT_EQ(inside.count(inside.jobs()), 2);
}

TEST_F(MongoStore, AnImportThatDiedAfterItWasDecidedIsFinished) {
  const JobStorePtr store = open();
  MongoSession session(options());
  MongoInside inside(options());
  add(*store, "a");
  stage(inside, "a", "dead");
  leave_marker(inside, "decided", "dead");
  EXPECT_FALSE(is_imported(session, "old"));
  const std::vector<NewJob> jobs = {scheduled(minutely_job("a"), 1), scheduled(minutely_job("b"), 1)};
  EXPECT_FALSE(import_once(session, "old", jobs, kPatience));
  EXPECT_THAT(ids_of(store->list({})), ElementsAre("a"));
  EXPECT_EQ(store->get("a")->position.next_run_time, at(7));
  EXPECT_TRUE(is_imported(session, "old"));
}

TEST_F(MongoStore, AnImportThatIsUnderWayElsewhereIsWaitedForAWhile) {
  MongoSession session(options());
  MongoInside inside(options());
  leave_marker(inside, "staging", "alive");
  inside.set(inside.meta(), "import:old", Bson{{"until", int64_t{INT64_MAX}}});
  EXPECT_EQ(error_of([&] { import_once(session, "old", {}, std::chrono::milliseconds(300)); }),
            ErrorCode::kStoreUnavailable);
}

}  // namespace
}  // namespace duetime
