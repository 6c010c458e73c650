// The Redis store: the contract, and what is particular to it - its keys, its configuration, its server's
// failures.
#include <poll.h>

#include <atomic>
#include <thread>

#include "core/base/json.h"
#include "core/jobs/job_document.h"
#include "core/jobstores/registry.h"
#include "tests/core/jobstores/redis_test_support.h"

namespace duetime {

INSTANTIATE_TEST_SUITE_P(Redis, JobStoreContract, testing::Values(redis_quirks()), store_name);
INSTANTIATE_TEST_SUITE_P(Redis, JobStoreLeaseContract, testing::Values(redis_quirks()), store_name);

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr Duration kLease = std::chrono::seconds(30);

void add(JobStore& store, const std::string& id, double seconds = 1) {
  const NewJob job = scheduled(minutely_job(id), seconds);
  store.add(std::span(&job, 1), OnConflict::kFail);
}

ClaimRequest request(double seconds = 1, std::size_t limit = 100) {
  static const Exclusions none;
  ClaimRequest request;
  request.owner = make_uuid();
  request.claim_id = make_uuid();
  request.time = call_time(seconds);
  request.boot_id = "boot-1";
  request.lease = kLease;
  request.limit = limit;
  request.exclusions = &none;
  return request;
}

bool complete(JobStore& store, const ClaimPtr& claim) {
  const RunEnd end = end_of(claim, 0, RunState::kSucceeded, 2);
  return store.complete(std::span(&end, 1), call_time(2)).at(0).accepted;
}

bool is_readable_soon(int fd) {
  pollfd waiting{fd, POLLIN, 0};
  return poll(&waiting, 1, 60'000) == 1;
}

// Each test has a server of its own, to be broken at will.
class RedisStore : public testing::Test {
 protected:
  JobStorePtr open(const std::string& prefix = "duetime") const {
    return open(server_.store_options(prefix));
  }

  static JobStorePtr open(const RedisStoreOptions& options) {
    JobStorePtr store = make_redis_job_store(options);
    store->open();
    return store;
  }

  std::string redis(std::initializer_list<std::string> words) const {
    return server_.command(RedisCommand(words));
  }

  RedisServer server_;
};

TEST_F(RedisStore, KeepsAllItsKeysInOneSlotUnderItsPrefix) {
  const JobStorePtr store = open("my jobs");
  add(*store, "a");
  add(*store, "b");
  complete(*store, store->claim_due(request(1, 1), run_minutely).claims.at(0));
  store->claim_due(request(1, 1), run_minutely);
  EXPECT_EQ(redis({"EVAL",
                   "for _, key in ipairs(redis.call('KEYS', '*')) do if key:sub(1, 10) ~= '{my jobs}:' then "
                   "return key end end return 'all'",
                   "0"}),
            "all");
}

TEST_F(RedisStore, StoresOfDifferentPrefixesKnowNothingOfEachOther) {
  const JobStorePtr one = open("one");
  const JobStorePtr other = open("other");
  add(*one, "job");
  EXPECT_EQ(other->count(), 0u);
  EXPECT_EQ(other->remove_all(), 0u);
  EXPECT_EQ(one->count(), 1u);
}

TEST_F(RedisStore, KeepsJobsInTheOrderOfTheirDueTimes) {
  const JobStorePtr store = open();
  add(*store, "late", 2);
  add(*store, "early", 1);
  EXPECT_EQ(redis({"ZRANGE", "{duetime}:due", "0", "-1"}), "early late");
  EXPECT_EQ(redis({"ZSCORE", "{duetime}:due", "early"}), std::to_string(to_micros(at(1))));
}

TEST_F(RedisStore, ANewerSchemaIsRefusedAndLeftAlone) {
  open()->close();
  redis({"HSET", "{duetime}:meta", "schema_version", "2"});
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kNewerVersion);
  EXPECT_THAT(text_of_error([&] { open(); }), HasSubstr("schema version 2, this duetime knows up to 1"));
  EXPECT_EQ(redis({"HGET", "{duetime}:meta", "schema_version"}), "2");
  redis({"HSET", "{duetime}:meta", "schema_version", "one"});
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kStoreCorrupt);
}

TEST_F(RedisStore, AKeyOfAnotherTypeIsNamedAndLeftAlone) {
  const JobStorePtr store = open();
  add(*store, "job");
  redis({"SET", "{duetime}:claims", "something else"});
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { add(*store, "other"); }, [&] { store->claim_due(request(), run_minutely); },
           [&] { store->remove("job"); }, [&] { store->remove_all(); }}) {
    EXPECT_EQ(error_of(call), ErrorCode::kStoreCorrupt);
    EXPECT_THAT(text_of_error(call), HasSubstr("{duetime}:claims holds a string, expected a hash"));
  }
  EXPECT_EQ(redis({"GET", "{duetime}:claims"}), "something else");
  EXPECT_EQ(store->count(), 1u);
  EXPECT_EQ(store->get("job")->position.next_run_time, at(1));
  redis({"DEL", "{duetime}:claims"});
  EXPECT_THAT(store->claim_due(request(), run_minutely).claims, SizeIs(1));
}

TEST_F(RedisStore, AMetaKeyOfAnotherTypeIsRefused) {
  redis({"SET", "{duetime}:meta", "something else"});
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kStoreCorrupt);
  EXPECT_EQ(redis({"GET", "{duetime}:meta"}), "something else");
}

TEST_F(RedisStore, AGarbledLineIsParkedAndHoldsUpNoOther) {
  const JobStorePtr store = open();
  add(*store, "bad");
  add(*store, "good");
  const std::string good = redis({"HGET", "{duetime}:jobs", "bad"});
  const std::string rest = good.substr(good.find(" scheduled") + 1);
  const std::string head = good.substr(0, good.find(" scheduled") + 1);
  for (const std::string& line :
       {std::string("x"), std::string(), good.substr(0, 20),
        head + "asleep 1 1 default" + '\0' + "tests:task",
        head + "scheduled - - default" + '\0' + "tests:task",
        head + "scheduled 1e300 - default" + '\0' + "tests:task",
        head + "scheduled 9223372036854775807 1 default" + '\0' + "tests:task",
        head + "scheduled 1 1 other" + '\0' + "tests:task",
        head + "scheduled 1 1 default" + '\0' + "tests:other", "99999999999999999999 1 1 " + rest}) {
    redis({"HSET", "{duetime}:jobs", "bad", line});
    const JobRecord record = *store->get("bad");
    EXPECT_EQ(record.job, nullptr) << line;
    EXPECT_FALSE(record.unreadable.empty());
    const ClaimResult result = store->claim_due(request(1), [](auto&&...) {
      RunPlan leave;
      leave.outcome = RunPlan::Outcome::kLeave;
      return leave;
    });
    EXPECT_THAT(ids_of(result.unreadable), ElementsAre("bad")) << line;
    EXPECT_TRUE(store->next_due({}));
    EXPECT_THAT(ids_of(store->list({})), ElementsAre("bad", "good"));
    EXPECT_EQ(redis({"HGET", "{duetime}:jobs", "bad"}), line);
  }
  EXPECT_THAT(ids_of(store->claim_due(request(1), run_minutely).claims), ElementsAre("good"));
}

TEST_F(RedisStore, AMissingDocumentIsToldAndTheJobLeftAlone) {
  const JobStorePtr store = open();
  add(*store, "job");
  redis({"HDEL", "{duetime}:documents", "job"});
  EXPECT_THAT(store->get("job")->unreadable, HasSubstr("document is missing"));
  EXPECT_THAT(ids_of(store->claim_due(request(), run_minutely).unreadable), ElementsAre("job"));
}

TEST_F(RedisStore, AnIndexThatSaysOtherwiseThanTheJobIsMended) {
  const JobStorePtr store = open();
  add(*store, "job", 500);
  redis({"ZADD", "{duetime}:due", "-inf", "nobody", "0", "job"});
  EXPECT_THAT(store->claim_due(request(1), run_minutely).claims, IsEmpty());
  EXPECT_EQ(redis({"ZRANGE", "{duetime}:due", "0", "-1"}), "job");
  EXPECT_EQ(store->next_due({}), at(500));
}

// What is lost of the indexes comes back without anybody's doing.
TEST_F(RedisStore, LostIndexesAreMadeAnew) {
  const JobStorePtr store = open();
  add(*store, "a", 1);
  add(*store, "b", 2);
  redis({"DEL", "{duetime}:due", "{duetime}:ids"});
  store->prune_runs({}, at(0));
  EXPECT_EQ(store->next_due({}), at(1));
  EXPECT_THAT(ids_of(store->list({})), ElementsAre("a", "b"));
}

TEST_F(RedisStore, GarbledClaimsAndRunsAreLeftAlone) {
  const JobStorePtr store = open();
  add(*store, "job");
  redis({"HSET", "{duetime}:claims", "7", "garbage"});
  redis({"ZADD", "{duetime}:leases", "5", "7", "5", "8"});
  redis({"HSET", "{duetime}:runs", "x", "{\"id\": 3}"});
  redis({"ZADD", "{duetime}:history", "5", "x", "6", "y"});
  EXPECT_THAT(store->list_runs({}), IsEmpty());
  EXPECT_THAT(store->reclaim_expired(request()).abandoned, IsEmpty());
  EXPECT_TRUE(complete(*store, store->claim_due(request(), run_minutely).claims.at(0)));
  EXPECT_THAT(store->list_runs({}), SizeIs(1));
  EXPECT_EQ(redis({"HGET", "{duetime}:claims", "7"}), "garbage");
}

TEST_F(RedisStore, LeasesCountOnTheServersClock) {
  const JobStorePtr store = open();
  add(*store, "job");
  const ClaimPtr claim = store->claim_due(request(), run_minutely).claims.at(0);
  const std::string score = redis({"ZSCORE", "{duetime}:leases", std::to_string(claim->fence)});
  EXPECT_EQ(score, std::to_string(to_micros(claim->lease_until)));
  const ClaimResult result = store->reclaim_expired(request());
  EXPECT_THAT(result.abandoned, IsEmpty());
  ASSERT_TRUE(result.next_expiry);
  EXPECT_LE(*result.next_expiry, at(1) + kLease + Duration{1});
  EXPECT_TRUE(complete(*store, claim));
}

TEST_F(RedisStore, FlushedScriptsAreSentAgain) {
  const JobStorePtr store = open();
  add(*store, "job");
  redis({"SCRIPT", "FLUSH"});
  EXPECT_EQ(store->count(), 1u);
  redis({"SCRIPT", "FLUSH"});
  const ClaimPtr claim = store->claim_due(request(), run_minutely).claims.at(0);
  redis({"SCRIPT", "FLUSH"});
  EXPECT_TRUE(complete(*store, claim));
}

TEST_F(RedisStore, TellsAnotherNodeAtOnce) {
  const JobStorePtr one = open();
  const JobStorePtr other = open();
  EXPECT_EQ(other->poll_interval(), Duration{0});
  other->drain_changes();
  add(*one, "job");
  EXPECT_TRUE(is_readable_soon(other->change_fd()));
  EXPECT_TRUE(other->drain_changes());
}

TEST_F(RedisStore, TellsAnotherNodeAgainAfterTheServerCameBack) {
  const JobStorePtr one = open();
  const JobStorePtr other = open();
  server_.kill();
  EXPECT_TRUE(is_readable_soon(other->change_fd()));
  EXPECT_TRUE(other->drain_changes());
  EXPECT_GT(other->poll_interval(), Duration{0});
  server_.start();
  eventually([&] { return other->claim_due(request(), run_minutely); });
  EXPECT_EQ(other->poll_interval(), Duration{0});
  EXPECT_TRUE(other->drain_changes());  // something may have been missed
  EXPECT_FALSE(other->drain_changes());
  eventually([&] {
    add(*one, "job");
    return true;
  });
  EXPECT_TRUE(is_readable_soon(other->change_fd()));
  EXPECT_TRUE(other->drain_changes());
}

// Without the server there is an error at once; with it, everything goes on.
TEST_F(RedisStore, AServerThatIsGoneIsAnErrorUntilItIsBack) {
  const JobStorePtr store = open();
  server_.kill();
  EXPECT_EQ(error_of([&] { store->count(); }), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kStoreUnavailable);
  server_.start();
  EXPECT_EQ(eventually([&] { return store->count(); }), 0u);
}

TEST_F(RedisStore, KeysThatAreGoneAreTold) {
  const JobStorePtr store = open();
  const JobStorePtr other = open();
  add(*store, "job");
  const int64_t revision = store->get("job")->position.revision;
  redis({"FLUSHALL"});
  EXPECT_THAT(text_of_error([&] { store->count(); }), HasSubstr("the jobs that were here are gone"));
  EXPECT_EQ(store->count(), 0u);
  add(*store, "job");
  EXPECT_GT(store->get("job")->position.revision, revision);  // no number is given out twice
  EXPECT_THAT(text_of_error([&] { store->claim_due(request(), run_minutely); }), HasSubstr("are gone"));
  EXPECT_THAT(store->claim_due(request(), run_minutely).claims, SizeIs(1));
  EXPECT_EQ(error_of([&] { other->count(); }), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(other->count(), 1u);
}

TEST_F(RedisStore, AnOlderCopyIsTold) {
  const JobStorePtr store = open();
  const std::string counter = redis({"HGET", "{duetime}:meta", "counter"});
  add(*store, "job");
  redis({"HSET", "{duetime}:meta", "counter", counter});
  EXPECT_EQ(error_of([&] { store->count(); }), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(store->count(), 1u);
}

TEST_F(RedisStore, AFullServerIsToldAndNothingIsHalfDone) {
  const JobStorePtr store = open();
  add(*store, "job");
  const ClaimPtr claim = store->claim_due(request(), run_minutely).claims.at(0);
  redis({"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_EQ(error_of([&] { add(*store, "other"); }), ErrorCode::kStoreFull);
  EXPECT_EQ(error_of([&] { complete(*store, claim); }), ErrorCode::kStoreFull);
  EXPECT_EQ(error_of([&] { store->claim_due(request(61), run_minutely); }), ErrorCode::kStoreFull);
  EXPECT_EQ(store->count(), 1u);
  redis({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_TRUE(complete(*store, claim));
  EXPECT_THAT(store->claim_due(request(61), run_minutely).claims, SizeIs(1));
}

TEST_F(RedisStore, AReadOnlyReplicaIsUnavailable) {
  const JobStorePtr store = open();
  redis({"REPLICAOF", "127.0.0.1", "1"});
  EXPECT_EQ(error_of([&] { add(*store, "job"); }), ErrorCode::kStoreUnavailable);
  redis({"REPLICAOF", "NO", "ONE"});
  add(*store, "job");
}

// A server that stands still costs the caller its deadline and no more.
TEST_F(RedisStore, AServerThatStandsStillIsLeftAtTheDeadline) {
  RedisStoreOptions options = server_.store_options();
  options.command_timeout = std::chrono::milliseconds(50);
  const JobStorePtr store = open(options);
  eventually([&] {
    add(*store, "job");
    return true;
  });
  server_.stop();
  EXPECT_EQ(error_of([&] { store->count(); }), ErrorCode::kTimeout);
  EXPECT_EQ(error_of([&] { store->claim_due(request(), run_minutely); }), ErrorCode::kTimeout);
  server_.resume();
  EXPECT_EQ(eventually([&] { return store->count(); }), 1u);
}

// The call that was given up still waits in the server's queue, and is carried out when the server goes on:
// before or after its repetition. Either way the fires are claimed once, by the call that was answered.
TEST_F(RedisStore, AClaimOfUnknownOutcomeIsRepeatedWithoutDoubleOrLoss) {
  RedisStoreOptions impatient = server_.store_options();
  impatient.command_timeout = std::chrono::milliseconds(20);
  const JobStorePtr hasty = open(impatient);
  const JobStorePtr store = open();
  for (int round = 0; round < 10; ++round) {
    eventually([&] {
      store->remove_all();
      add(*store, "a");
      add(*store, "b");
      return true;
    });
    const ClaimRequest asked = request(1);
    const auto stop_and_plan = [&](const Job& job, const JobPosition& position, Instant now, int running) {
      server_.stop();
      return run_minutely(job, position, now, running);
    };
    EXPECT_EQ(error_of([&] {
                // May already time out where it reads, on a slow machine; then nothing was claimed.
                hasty->claim_due(asked, stop_and_plan);
              }),
              ErrorCode::kTimeout);
    server_.resume();
    const ClaimResult result = eventually([&] { return hasty->claim_due(asked, run_minutely); });
    EXPECT_THAT(ids_of(result.claims), testing::UnorderedElementsAre("a", "b"));
    for (const ClaimPtr& claim : result.claims) EXPECT_TRUE(complete(*store, claim));
    EXPECT_THAT(store->list_runs({.state = RunState::kClaimed}), IsEmpty());
  }
}

TEST_F(RedisStore, PasswordsAndUsersAreUsedAndNeverTold) {
  redis({"ACL", "SETUSER", "worker", "on", ">s3cret", "~*", "&*", "+@all"});
  redis({"ACL", "SETUSER", "default", "off"});
  RedisStoreOptions options = server_.store_options();
  EXPECT_EQ(error_of([&] { open(options); }), ErrorCode::kStoreUnavailable);
  options.username = "worker";
  options.password = "wr0ng";
  EXPECT_THAT(text_of_error([&] { open(options); }),
              AllOf(HasSubstr("cannot log in"), Not(HasSubstr("wr0ng"))));
  options.password = "s3cret";
  EXPECT_EQ(open(options)->count(), 0u);
  EXPECT_THAT(open(options)->description(), Not(HasSubstr("s3cret")));
}

// An account without rights to the channel: changes are looked for from time to time.
TEST_F(RedisStore, WithoutTheChannelItLooksFromTimeToTime) {
  redis({"ACL", "SETUSER", "default", "resetchannels", "&nothing"});
  const JobStorePtr store = open();
  EXPECT_GT(store->poll_interval(), Duration{0});
  EXPECT_EQ(store->count(), 0u);
}

TEST_F(RedisStore, UsesTheDatabaseItIsGiven) {
  RedisStoreOptions options = server_.store_options();
  options.database = 3;
  add(*open(options), "job");
  EXPECT_EQ(redis({"DBSIZE"}), "0");
  options.database = 99;
  EXPECT_EQ(error_of([&] { open(options); }), ErrorCode::kStoreUnavailable);
}

TEST_F(RedisStore, IsFoundByItsUrls) {
  const JobStorePtr store =
      make_job_store_from_url("unix://" + server_.socket() + "?db=2&key_prefix=by%20url");
  store->open();
  add(*store, "job");
  EXPECT_THAT(store->description(), HasSubstr("database 2, keys {by url}:*"));
}

TEST(RedisUrl, BecomesConfiguration) {
  EXPECT_EQ(redis_configuration_from_url("//"), (Json{{"type", "redis"}}));
  EXPECT_EQ(
      redis_configuration_from_url("//me:p%40s:s@h.example:6380/2?key_prefix=a%7eb&command_timeout_us=5000"),
      (Json{{"type", "redis"},
            {"username", "me"},
            {"password", "p@s:s"},
            {"host", "h.example"},
            {"port", 6380},
            {"db", 2},
            {"key_prefix", "a~b"},
            {"command_timeout_us", 5000}}));
  EXPECT_EQ(redis_configuration_from_url("//:pw@[::1]:7/"),
            (Json{{"type", "redis"}, {"password", "pw"}, {"host", "::1"}, {"port", 7}}));
  EXPECT_EQ(redis_configuration_from_unix_url("//me:pw@/run/redis.sock?db=1"),
            (Json{{"type", "redis"},
                  {"username", "me"},
                  {"password", "pw"},
                  {"unix_socket", "/run/redis.sock"},
                  {"db", 1}}));
}

TEST(RedisUrl, WhatIsWrongIsToldWithoutTheSecret) {
  for (const char* url :
       {"redis:s3cret", "redis://u:s3cret@h:port", "redis://u:s3cret@h/first", "redis://u:s3cret%@h",
        "redis://u:s3cret@h?db", "redis://u:s3cret@h?bd=1", "redis://u:s3cret@h:0",
        "redis://u:s3cret@[::1]6379", "redis://u:s3cret@h?key_prefix={}", "unix:s3cret"}) {
    const std::string error = text_of_error([&] { make_job_store_from_url(url); });
    EXPECT_THAT(error, AllOf(Not(HasSubstr("s3cret")), Not(HasSubstr("no error")))) << url;
  }
}

}  // namespace
}  // namespace duetime
