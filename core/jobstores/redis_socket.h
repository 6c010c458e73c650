// A connected stream socket every use of which ends by a deadline, whatever the other side does.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/time/file_descriptor.h"

namespace duetime {

// How long a call may take is measured on a clock that nobody sets. It is no scheduling time: nothing but a
// socket ever waits for it.
using RedisDeadline = std::chrono::steady_clock::time_point;

inline RedisDeadline redis_deadline(Duration timeout) { return std::chrono::steady_clock::now() + timeout; }

struct RedisAddress {
  std::string host;
  int port = 0;
  std::string unix_socket;  // if not empty, instead of the two

  std::string description() const;  // "host:6379", "/run/redis.sock"
};

class RedisSocket {
 public:
  // Throws kStoreUnavailable. Looking up the host's name is the system's business and may take longer.
  RedisSocket(const RedisAddress& address, RedisDeadline deadline);

  int fd() const { return fd_.get(); }

  // Throws kTimeout if the deadline passes or the connection breaks: part of it may have arrived.
  void write(std::string_view bytes, RedisDeadline deadline);

  // At least one byte, up to `size`. Throws as write().
  std::size_t read(char* buffer, std::size_t size, RedisDeadline deadline);

  // Whether there is something to read, or the connection has ended.
  bool readable() const;

 private:
  FileDescriptor fd_;
};

}  // namespace duetime
