// One connection to a Redis server: commands out, replies in, each call with a deadline. hiredis writes and
// reads the protocol; the transport is ours, because hiredis would wait for ever, raise SIGPIPE in a host
// program, and leave its descriptors open to programs that the host starts.
//
// Threads: one at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/jobstores/redis.h"
#include "core/jobstores/redis_reply.h"
#include "core/jobstores/redis_transport.h"

namespace duetime {

// A command's words as they are, whatever bytes they hold.
class RedisCommand {
 public:
  RedisCommand() = default;
  RedisCommand(std::initializer_list<std::string> words) : words_(words) {}

  RedisCommand& add(std::string word) {
    words_.push_back(std::move(word));
    return *this;
  }
  RedisCommand& add(int64_t number) { return add(std::to_string(number)); }
  RedisCommand& append(RedisCommand&& other);

  // Puts others in the place of the first two.
  void replace_first_two(std::string first, std::string second);

  // As it goes over the wire. Throws kInvalidArgument beyond 512 MiB.
  std::string to_bytes() const;

 private:
  std::vector<std::string> words_;
};

class RedisConnection {
 public:
  // Connects and logs in. Throws kStoreUnavailable.
  explicit RedisConnection(const RedisStoreOptions& options);

  int fd() const { return transport_->fd(); }

  // The reply, errors of the server included. Throws kTimeout if it does not come in time, or the connection
  // breaks: then nobody knows what the server did, and the connection is of no more use.
  RedisReply call(const RedisCommand& command);

  // For subscriptions: a command whose answers come in their own time, and the messages that are there.
  void send(const RedisCommand& command);
  std::unique_ptr<RedisReply> next_message();  // null: none is there now
  RedisReply wait_for_message();

  // Nothing is outstanding and the server has not hung up.
  bool is_usable() { return !broken_ && !transport_->readable(); }

 private:
  void log_in(const RedisStoreOptions& options);
  void require_ok(const RedisCommand& command, const char* what);
  void write(std::string_view bytes, RedisDeadline deadline);
  RedisReply read(RedisDeadline deadline);
  std::unique_ptr<RedisReply> parsed();
  std::size_t receive(RedisDeadline deadline);

  const Duration timeout_;
  const std::unique_ptr<RedisTransport> transport_;
  std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader_;
  bool broken_ = false;
};

// What the server's error means to a caller of the store: never returns.
[[noreturn]] void throw_redis_error(std::string_view error);

}  // namespace duetime
