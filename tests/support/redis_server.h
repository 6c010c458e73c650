// A Redis server of the test's own, in a directory that is gone when the test is over. It keeps nothing on
// disk unless asked to.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/jobstores/redis.h"
#include "core/jobstores/redis_connection.h"
#include "tests/support/temporary_directory.h"

namespace duetime {

class RedisServer {
 public:
  // `options` as on the command line of redis-server. Returns when it answers.
  explicit RedisServer(std::vector<std::string> options = {});
  ~RedisServer() { kill(); }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  void start();
  void kill();    // with SIGKILL
  void stop();    // SIGSTOP: it accepts connections and answers nothing
  void resume();  // SIGCONT

  std::string socket() const { return directory_.file("redis.sock"); }
  RedisStoreOptions store_options(const std::string& key_prefix = "duetime") const;

  // Its answer as text, over a connection of its own.
  std::string command(const RedisCommand& command) const;

 private:
  TemporaryDirectory directory_;
  std::vector<std::string> options_;
  pid_t pid_ = 0;
};

// One server for the whole process, with nothing in it that a test may stop or break.
RedisServer& shared_redis_server();

}  // namespace duetime
