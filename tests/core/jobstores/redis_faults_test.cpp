// Schedulers over a Redis server that refuses, loses or drops things, and over a network that does. The clock
// is the test's: ten minutes of trying again pass in a moment.
#include <map>

#include "tests/core/jobstores/redis_test_support.h"
#include "tests/support/hosted_scheduler.h"
#include "tests/support/redis_proxy.h"

namespace duetime {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

// What an administrator does to a server, and takes back.
struct Outage {
  const char* name;
  std::vector<RedisCommand> begin;
  std::vector<RedisCommand> end;
};

void PrintTo(const Outage& outage, std::ostream* out) { *out << outage.name; }

const Outage kOutages[] = {
    {"NoConnectionsLeft", {{"CONFIG", "SET", "maxclients", "1"}}, {{"CONFIG", "SET", "maxclients", "1000"}}},
    {"AnotherPassword",
     {{"CONFIG", "SET", "requirepass", "n3w"}},
     {{"CONFIG", "SET", "requirepass", "s3cret"}}},
    {"NoMoreRights",
     {{"ACL", "SETUSER", "default", "-@all", "+@connection"}},
     {{"ACL", "SETUSER", "default", "+@all"}}},
    {"ReadOnlyReplica", {{"REPLICAOF", "127.0.0.1", "1"}}, {{"REPLICAOF", "NO", "ONE"}}},
    {"NoMemoryLeft", {{"CONFIG", "SET", "maxmemory", "1"}}, {{"CONFIG", "SET", "maxmemory", "0"}}},
};

class RedisOutage : public testing::TestWithParam<Outage> {
 protected:
  RedisOutage() {
    administer({{"CONFIG", "SET", "requirepass", "s3cret"},
                {"ACL", "SETUSER", "admin", "on", ">admin", "~*", "&*", "+@all"},
                {"AUTH", "admin", "admin"}});
    RedisStoreOptions options = server_.store_options();
    options.password = "s3cret";
    node_ = std::make_unique<HostedScheduler>(make_redis_job_store(options));
  }

  void administer(const std::vector<RedisCommand>& commands) {
    for (const RedisCommand& command : commands) {
      const RedisReply reply = administrator_.call(command);
      EXPECT_FALSE(reply.value().is_error()) << reply.value().error();
    }
  }

  void hang_up() {
    administer({{"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}, {"CLIENT", "KILL", "TYPE", "pubsub"}});
  }

  RedisServer server_;
  RedisConnection administrator_{server_.store_options()};
  std::unique_ptr<HostedScheduler> node_;
};

TEST_P(RedisOutage, IsToldRarelyAndOverWhenItIsOver) {
  HostedScheduler& node = node_->started();
  node.scheduler.add_job("default", every(std::chrono::minutes(1), node.clock->now()));
  node.advance(std::chrono::seconds(90));
  const std::size_t calls = node.calls.size();
  EXPECT_GT(calls, 0u);
  node.logged.clear();

  administer(GetParam().begin);
  hang_up();
  node.advance(std::chrono::minutes(10));
  EXPECT_THAT(node.calls, SizeIs(calls));
  EXPECT_GE(node.logged.size(), 1u);
  EXPECT_LE(node.logged.size(), 60u);  // one in ten seconds
  EXPECT_THAT(node.logged, Each(Not(HasSubstr("s3cret"))));
  EXPECT_THAT(node.events_of(kStoreError), Not(SizeIs(0)));
  EXPECT_THAT(node.events_of(kStoreRecovered), SizeIs(0));

  administer(GetParam().end);
  node.advance(std::chrono::minutes(2));
  EXPECT_GT(node.calls.size(), calls);
  EXPECT_THAT(node.events_of(kStoreRecovered), Not(SizeIs(0)));
}

INSTANTIATE_TEST_SUITE_P(Redis, RedisOutage, testing::ValuesIn(kOutages),
                         [](const auto& outage) { return std::string(outage.param.name); });

// A password that is wrong at first and right later: the scheduler starts when it can.
TEST(RedisFaults, AStoreThatCouldNotBeOpenedMayBeOpenedLater) {
  const RedisServer server;
  RedisConnection administrator(server.store_options());
  administrator.call({"CONFIG", "SET", "requirepass", "other"});
  RedisStoreOptions options = server.store_options();
  options.password = "s3cret";
  HostedScheduler node(make_redis_job_store(options));
  EXPECT_EQ(error_of([&] { node.started(); }), ErrorCode::kStoreUnavailable);
  EXPECT_THAT(text_of_error([&] { node.started(); }), Not(HasSubstr("s3cret")));
  administrator.call({"CONFIG", "SET", "requirepass", "s3cret"});
  node.started();
  node.scheduler.add_job("default", once(node.clock->now()));
  node.advance(std::chrono::seconds(1));
  EXPECT_THAT(node.calls, SizeIs(1));
}

// A server short of memory that drops keys as it likes: whichever is gone, the store goes on.
TEST(RedisFaults, AnyKeyMayBeEvicted) {
  RedisServer server;
  const auto redis = [&](std::initializer_list<std::string> words) { return server.command(words); };
  for (const std::string key : {"meta", "jobs", "documents", "ids", "due", "running", "claims", "leases",
                                "runs", "history", "ended"}) {
    redis({"FLUSHALL"});
    HostedScheduler node(make_redis_job_store(server.store_options()));
    node.started();
    node.scheduler.add_job("default", every(std::chrono::minutes(1), node.clock->now(), "kept"));
    node.advance(std::chrono::seconds(90));
    redis({"DEL", "{duetime}:" + key});
    eventually([&] {
      node.scheduler.add_job("default", once(node.clock->now() + std::chrono::minutes(15), "later"),
                             OnConflict::kReplace);
      return true;
    });
    node.advance(std::chrono::minutes(30));
    std::vector<std::string> ran;
    for (const HostedScheduler::Call& call : node.calls) ran.push_back(call.job_id);
    EXPECT_THAT(ran, Contains("later")) << key;
  }
}

// Every answer byte by byte.
TEST(RedisFaults, ByteByByteIsFastEnough) {
  const RedisServer server;
  RedisProxy proxy(server.socket());
  proxy.drip(true);
  RedisStoreOptions options = server.store_options();
  options.unix_socket = proxy.socket();
  HostedScheduler node(make_redis_job_store(options));
  node.started();
  for (int i = 0; i < 5; ++i) node.scheduler.add_job("default", once(node.clock->now(), std::to_string(i)));
  node.advance(std::chrono::seconds(1));
  EXPECT_THAT(node.calls, SizeIs(5));
  EXPECT_EQ(server.command({"HLEN", "{duetime}:claims"}), "0");
}

template <typename Condition>
bool comes_true(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
  }
  return false;
}

// One of two nodes is heard by the server and hears nothing, sixty times: what it claims meanwhile, and
// cannot know of, the other runs when the lease has ended; afterwards it works again.
TEST(RedisFaults, ANodeThatHearsNothingIsReplacedAndComesBack) {
  const RedisServer server;
  RedisProxy proxy(server.socket());
  RedisStoreOptions deaf = server.store_options();
  deaf.unix_socket = proxy.socket();
  deaf.command_timeout = deaf.connect_timeout = std::chrono::milliseconds(20);
  const auto clock = std::make_shared<ManualClock>(at("10:00:00"));
  const auto store_of = [&](const RedisStoreOptions& options) {
    return std::make_shared<TurnedClockStore>(options, server.store_options());
  };
  HostedScheduler cut(store_of(deaf), clock);
  HostedScheduler whole(store_of(server.store_options()), clock);
  eventually([&] { return &cut.started(); });
  whole.started();
  Job job = every(std::chrono::minutes(1), clock->now() + std::chrono::minutes(1));
  job.recover = true;
  job.misfire_grace = std::nullopt;
  whole.scheduler.add_job("default", std::move(job));
  const Instant first_run = clock->now() + std::chrono::minutes(1);
  ASSERT_TRUE(comes_true([&] { return cut.scheduler.run_pending() <= first_run; })) << "not told of the job";

  constexpr int kCycles = 60;
  const auto pass = [&](Duration time) {
    clock->advance(time);
    cut.scheduler.run_pending();
    whole.scheduler.run_pending();
  };
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    proxy.drop_replies(true);
    pass(std::chrono::minutes(1));
    for (int i = 0; i < 4; ++i) pass(std::chrono::seconds(10));  // the lease ends
    proxy.drop_replies(false);
    const std::size_t before = cut.events_of(kStoreRecovered).size();
    ASSERT_TRUE(comes_true([&] {
      pass(std::chrono::seconds(10));
      return cut.events_of(kStoreRecovered).size() > before;
    })) << cycle;
  }
  pass(std::chrono::minutes(1));

  std::map<Instant, int> runs;
  for (const HostedScheduler* node : {&cut, &whole}) {
    for (const Instant time : node->run_times()) ++runs[time];
  }
  EXPECT_GE(runs.size(), static_cast<std::size_t>(kCycles));
  for (const auto& [time, count] : runs) EXPECT_EQ(count, 1) << to_micros(time);
  EXPECT_EQ(server.command({"HLEN", "{duetime}:claims"}), "0");
}

}  // namespace
}  // namespace duetime
