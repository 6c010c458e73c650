// Jobs in a Redis server that any number of nodes on any hosts may share. docs/redis_keys.md describes the
// keys for other programs.
#pragma once

#include <string>
#include <string_view>

#include "core/jobstores/job_store.h"

namespace duetime {

// Lua: the time that leases are counted on, in microseconds.
inline constexpr const char* kRedisServerTime =
    "(function() local t = redis.call('TIME') return t[1] * 1000000 + t[2] end)()";

struct RedisStoreOptions {
  std::string host = "127.0.0.1";
  int port = 6379;
  std::string unix_socket;  // if not empty, instead of host and port
  int database = 0;
  std::string username;  // of an access control list; empty means "default"
  std::string password;
  std::string key_prefix = "duetime";  // all keys begin with it, in braces; 1 to 200 bytes without { and }
  Duration connect_timeout = std::chrono::seconds(5);
  Duration command_timeout = std::chrono::seconds(5);

  // Other than the server's own only where a test turns the clock.
  std::string lease_time = kRedisServerTime;
};

// Throws kInvalidArgument for a bad option; the server is first spoken to by open().
JobStorePtr make_redis_job_store(const RedisStoreOptions& options);
JobStorePtr make_redis_job_store(const Json& configuration);

// What follows "redis:" and "unix:" in a URL, as configuration:
//   redis://user:password@host:6379/0?key_prefix=duetime     unix://user:password@/run/redis.sock?db=0
Json redis_configuration_from_url(std::string_view rest);
Json redis_configuration_from_unix_url(std::string_view rest);

// "rediss:", Redis over TLS: throws kUnsupported.
Json refuse_redis_over_tls(std::string_view rest);

}  // namespace duetime
