// Redis without a job store: the writes that any store of jobs and runs would need, as transactions in
// hiredis' own pipeline.
#include <hiredis/hiredis.h>

#include <initializer_list>
#include <memory>
#include <stdexcept>

#include "tests/bench/stores/work.h"

namespace duetime::bench {
namespace {

constexpr std::size_t kBatch = 1'000;

class Bare {
 public:
  explicit Bare(const std::string& socket) : context_(redisConnectUnix(socket.c_str()), redisFree) {
    if (!context_ || context_->err != 0) throw std::runtime_error("no Redis at " + socket);
    send({"DEL", "bare:jobs", "bare:documents", "bare:ids", "bare:due", "bare:claims", "bare:leases",
          "bare:running", "bare:runs", "bare:history", "bare:ended"});
    receive();
  }

  void add(std::size_t count) {
    send({"MULTI"});
    for (std::size_t i = 0; i < count; ++i) {
      const std::string id = "job-" + std::to_string(number_++);
      send({"HSET", "bare:jobs", id, kLine});
      send({"HSET", "bare:documents", id, sample_document()});
      send({"ZADD", "bare:ids", "0", id});
      send({"ZADD", "bare:due", kTime, id});
    }
    send({"EXEC"});
    receive();
  }

  void claim_and_complete() {
    read_due();
    send({"MULTI"});
    for (std::size_t i = 0; i < kBatch; ++i) claim("job-" + std::to_string(i), std::to_string(i));
    send({"EXEC"});
    receive();
    send({"MULTI"});
    for (std::size_t i = 0; i < kBatch; ++i) {
      complete("job-" + std::to_string(i), std::to_string(i), std::to_string(run_++));
    }
    send({"EXEC"});
    receive();
  }

 private:
  static constexpr const char* kLine = "1 1 1 scheduled 1770000000000000 1770000000000000 default task";
  static constexpr const char* kTime = "1770000000000000";

  void read_due() {
    send({"ZRANGEBYSCORE", "bare:due", "-inf", kTime, "LIMIT", "0", std::to_string(kBatch)});
    receive();
    for (std::size_t i = 0; i < kBatch; ++i) {
      const std::string id = "job-" + std::to_string(i);
      send({"HGET", "bare:jobs", id});
      send({"HGET", "bare:documents", id});
      send({"HGET", "bare:running", id});
    }
    receive();
  }

  void claim(const std::string& job, const std::string& fence) {
    send({"HSET", "bare:jobs", job, kLine});
    send({"ZADD", "bare:due", kTime, job});
    send({"HSET", "bare:claims", fence, sample_document()});
    send({"ZADD", "bare:leases", kTime, fence});
    send({"HSET", "bare:running", job, "1"});
  }

  void complete(const std::string& job, const std::string& fence, const std::string& run) {
    send({"HSET", "bare:runs", run, sample_document()});
    send({"ZADD", "bare:history", kTime, run});
    send({"ZADD", "bare:ended", kTime, run});
    send({"HDEL", "bare:claims", fence});
    send({"ZREM", "bare:leases", fence});
    send({"HDEL", "bare:running", job});
  }

  void send(std::initializer_list<std::string_view> words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string_view word : words) {
      texts.push_back(word.data());
      sizes.push_back(word.size());
    }
    redisAppendCommandArgv(context_.get(), static_cast<int>(texts.size()), texts.data(), sizes.data());
    ++outstanding_;
  }

  void receive() {
    for (; outstanding_ > 0; --outstanding_) {
      void* reply = nullptr;
      if (redisGetReply(context_.get(), &reply) != REDIS_OK) throw std::runtime_error(context_->errstr);
      freeReplyObject(reply);
    }
  }

  std::unique_ptr<redisContext, decltype(&redisFree)> context_;
  std::size_t outstanding_ = 0;
  std::size_t number_ = 0;
  std::size_t run_ = 0;
};

}  // namespace

void add_bare_redis_works(Works& works, const Places& places) {
  const std::string socket = places.redis;
  const auto additions = [=](std::size_t count) {
    Bare bare(socket);
    return rate(count, [&] { bare.add(count); });
  };
  works.push_back({"Redis: add one | bare", [=] { return additions(1); }});
  works.push_back({"Redis: add 1,000 | bare", [=] { return additions(kBatch); }});
  works.push_back({"Redis: claim and complete 1,000 | bare", [=] {
                     Bare bare(socket);
                     bare.add(kBatch);
                     return rate(kBatch, [&] { bare.claim_and_complete(); });
                   }});
}

}  // namespace duetime::bench
