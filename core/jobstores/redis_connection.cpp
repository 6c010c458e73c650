#include "core/jobstores/redis_connection.h"

#include <hiredis/sds.h>

#include <array>
#include <numeric>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"

namespace duetime {
namespace {

constexpr std::size_t kMaxCommandBytes = std::size_t{512} * 1024 * 1024;

// A long command or reply has more time: even a slow link moves a megabyte in a second.
constexpr Duration kTimePerByte{1};

struct Meaning {
  std::string_view word;  // in the server's text
  ErrorCode code;
};

// Whatever is not listed can be over at the next try.
constexpr Meaning kMeanings[] = {
    {"OOM command not allowed", ErrorCode::kStoreFull},
    {"WRONGTYPE", ErrorCode::kStoreCorrupt},
    {"DUETIMETYPE", ErrorCode::kStoreCorrupt},
};

std::string without_marker(std::string_view error) {
  constexpr std::string_view kMarker = "DUETIMETYPE ";
  if (error.starts_with(kMarker)) error.remove_prefix(kMarker.size());
  return truncate_utf8(error, 500);
}

[[noreturn]] void fail_in_call(const Error& error) {
  throw Error(error.code(),
              std::string("Redis: ") + error.what() + "; whether the call took effect is unknown");
}

Duration time_for(std::size_t bytes) { return kTimePerByte * static_cast<int64_t>(bytes); }

}  // namespace

void throw_redis_error(std::string_view error) {
  ErrorCode code = ErrorCode::kStoreUnavailable;
  for (const Meaning& meaning : kMeanings) {
    if (error.find(meaning.word) != std::string_view::npos) code = meaning.code;
  }
  throw Error(code, "Redis: " + without_marker(error));
}

RedisCommand& RedisCommand::append(RedisCommand&& other) {
  words_.insert(words_.end(), std::make_move_iterator(other.words_.begin()),
                std::make_move_iterator(other.words_.end()));
  return *this;
}

void RedisCommand::replace_first_two(std::string first, std::string second) {
  words_.at(0) = std::move(first);
  words_.at(1) = std::move(second);
}

std::string RedisCommand::to_bytes() const {
  std::vector<const char*> starts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words_) {
    starts.push_back(word.data());
    sizes.push_back(word.size());
  }
  const std::size_t total = std::accumulate(sizes.begin(), sizes.end(), 16 * sizes.size());
  if (total > kMaxCommandBytes) {
    throw Error(ErrorCode::kInvalidArgument, "Redis: " + std::to_string(total) +
                                                 " bytes in one call, expected at most " +
                                                 std::to_string(kMaxCommandBytes));
  }
  sds text = nullptr;
  if (redisFormatSdsCommandArgv(&text, static_cast<int>(words_.size()), starts.data(), sizes.data()) < 0) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<char, decltype(&redisFreeSdsCommand)> owner(text, redisFreeSdsCommand);
  return {text, sdslen(text)};
}

RedisConnection::RedisConnection(const RedisStoreOptions& options)
    : timeout_(options.command_timeout),
      transport_(connect_to_redis(options)),
      reader_(redisReaderCreate(), redisReaderFree) {
  if (!reader_) throw std::bad_alloc();
  try {
    log_in(options);
  } catch (const Error& error) {
    throw Error(ErrorCode::kStoreUnavailable,
                "cannot log in to Redis at " + redis_address(options) + ": " + error.what());
  }
}

void RedisConnection::log_in(const RedisStoreOptions& options) {
  RedisCommand authenticate{"AUTH"};
  if (!options.username.empty()) authenticate.add(options.username);
  authenticate.add(options.password);
  if (!options.password.empty() || !options.username.empty()) require_ok(authenticate, "AUTH");
  if (options.database != 0) require_ok({"SELECT", std::to_string(options.database)}, "SELECT");
  // A server that wants another certificate of the client says so only now.
  if (options.tls) require_ok({"PING"}, "PING");
}

void RedisConnection::require_ok(const RedisCommand& command, const char* what) {
  const RedisReply reply = call(command);
  if (reply.value().is_error()) {
    throw Error(ErrorCode::kStoreUnavailable, std::string(what) + ": " + std::string(reply.value().error()));
  }
}

RedisReply RedisConnection::call(const RedisCommand& command) {
  const std::string bytes = command.to_bytes();
  const RedisDeadline deadline = redis_deadline(timeout_ + time_for(bytes.size()));
  broken_ = true;  // until the whole reply is here
  write(bytes, deadline);
  RedisReply reply = read(deadline);
  broken_ = false;
  return reply;
}

void RedisConnection::send(const RedisCommand& command) {
  write(command.to_bytes(), redis_deadline(timeout_));
}

std::unique_ptr<RedisReply> RedisConnection::next_message() {
  for (;;) {
    if (std::unique_ptr<RedisReply> message = parsed()) return message;
    if (!transport_->readable()) return nullptr;
    receive(redis_deadline(timeout_));
  }
}

RedisReply RedisConnection::wait_for_message() { return read(redis_deadline(timeout_)); }

RedisReply RedisConnection::read(RedisDeadline deadline) {
  for (;;) {
    if (const std::unique_ptr<RedisReply> reply = parsed()) return std::move(*reply);
    deadline += time_for(receive(deadline));
  }
}

std::unique_ptr<RedisReply> RedisConnection::parsed() {
  void* reply = nullptr;
  if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
    throw Error(ErrorCode::kTimeout,
                std::string("Redis: the answer is not of its protocol: ") + reader_->errstr);
  }
  if (!reply) return nullptr;
  RedisReply owned(static_cast<redisReply*>(reply));
  return std::make_unique<RedisReply>(std::move(owned));
}

void RedisConnection::write(std::string_view bytes, RedisDeadline deadline) {
  try {
    transport_->write(bytes, deadline);
  } catch (const Error& error) {
    fail_in_call(error);
  }
}

std::size_t RedisConnection::receive(RedisDeadline deadline) {
  std::array<char, std::size_t{64} * 1024> buffer;
  std::size_t size = 0;
  try {
    size = transport_->read(buffer.data(), buffer.size(), deadline);
  } catch (const Error& error) {
    fail_in_call(error);
  }
  if (redisReaderFeed(reader_.get(), buffer.data(), size) != REDIS_OK) throw std::bad_alloc();
  return size;
}

}  // namespace duetime
