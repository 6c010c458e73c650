// Jobs in a Redis server that any number of nodes on any hosts may share. docs/redis_keys.md describes the
// keys for other programs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/jobstores/job_store.h"

namespace duetime {

// Lua: the time that leases are counted on, in microseconds.
inline constexpr const char* kRedisServerTime =
    "(function() local t = redis.call('TIME') return t[1] * 1000000 + t[2] end)()";

// What of the server's certificate is checked.
enum class RedisVerify {
  kFull,       // an authority that is trusted has signed it, and it is the host's
  kAuthority,  // an authority that is trusted has signed it, for whichever host
  kNone,       // nothing: whoever is between here and the server can read and change everything
};

struct RedisTlsOptions {
  std::string ca;    // a file of certificates to trust; empty: those that the system trusts
  std::string cert;  // a file: the client's certificate and those that lead from it to an authority
  std::string key;   // a file: its private key; empty: that is in `cert`
  RedisVerify verify = RedisVerify::kFull;
};

struct RedisStoreOptions {
  std::string host = "127.0.0.1";
  int port = 6379;
  std::string unix_socket;  // if not empty, instead of host and port
  int database = 0;
  std::string username;  // of an access control list; empty means "default"
  std::string password;
  std::string key_prefix = "duetime";  // all keys begin with it, in braces; 1 to 200 bytes without { and }
  std::optional<RedisTlsOptions> tls;  // none: in the clear
  Duration connect_timeout = std::chrono::seconds(5);
  Duration command_timeout = std::chrono::seconds(5);

  // Other than the server's own only where a test turns the clock.
  std::string lease_time = kRedisServerTime;
};

// Throws kInvalidArgument for a bad option; the server is first spoken to by open().
JobStorePtr make_redis_job_store(const RedisStoreOptions& options);
JobStorePtr make_redis_job_store(const Json& configuration);

// What follows "redis:", "rediss:" and "unix:" in a URL, as configuration:
//   redis://user:password@host:6379/0?key_prefix=duetime     unix://user:password@/run/redis.sock?db=0
//   rediss://user:password@host:6379/0?ca=/etc/redis/ca.crt
Json redis_configuration_from_url(std::string_view rest);
Json redis_configuration_from_tls_url(std::string_view rest);
Json redis_configuration_from_unix_url(std::string_view rest);

}  // namespace duetime
