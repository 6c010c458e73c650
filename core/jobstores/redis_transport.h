// How bytes get to a Redis server and back: over a plain socket or over TLS, every use of which ends by a
// deadline, whatever the other side does.
//
// Threads: one at a time.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "core/jobstores/redis.h"

namespace duetime {

// How long a call may take is measured on a clock that nobody sets. It is no scheduling time: nothing but a
// socket ever waits for it.
using RedisDeadline = std::chrono::steady_clock::time_point;

inline RedisDeadline redis_deadline(Duration timeout) { return std::chrono::steady_clock::now() + timeout; }

class RedisTransport {
 public:
  virtual ~RedisTransport() = default;

  // Nothing arrives without this becoming readable. What it made readable may be of the transport's own
  // concern, and what arrived before may still be inside: see readable().
  virtual int fd() const = 0;

  // Throws kTimeout, with what happened, if the deadline passes or the connection breaks: part of it may have
  // arrived.
  virtual void write(std::string_view bytes, RedisDeadline deadline) = 0;

  // At least one byte, up to `size`. Throws as write().
  virtual std::size_t read(char* buffer, std::size_t size, RedisDeadline deadline) = 0;

  // Whether read() has something to give at once, or the connection has ended.
  virtual bool readable() = 0;
};

// Connects, and with TLS has the server's certificate checked. Throws kStoreUnavailable.
std::unique_ptr<RedisTransport> connect_to_redis(const RedisStoreOptions& options);

// "host:6379", "/run/redis.sock"
std::string redis_address(const RedisStoreOptions& options);

[[noreturn]] void fail_to_connect(const RedisStoreOptions& options, const std::string& why);

}  // namespace duetime
