#include "core/jobstores/redis_pool.h"

#include <unistd.h>

#include <utility>

namespace duetime {
std::unique_ptr<RedisConnection> RedisPool::take() {
  std::unique_ptr<RedisConnection> connection = take_idle();
  if (!connection) connection = std::make_unique<RedisConnection>(options_);
  const std::lock_guard lock(mutex_);
  in_use_.insert(connection->fd());
  return connection;
}

// One that the server has closed meanwhile is dropped here: found out in mid-call, it would be a call of
// unknown outcome.
std::unique_ptr<RedisConnection> RedisPool::take_idle() {
  for (;;) {
    std::unique_ptr<RedisConnection> connection;
    {
      const std::lock_guard lock(mutex_);
      if (idle_.empty()) return nullptr;
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
    if (connection->is_usable()) return connection;
  }
}

void RedisPool::take_back(std::unique_ptr<RedisConnection> connection) noexcept {
  const bool usable = connection->is_usable();
  const std::lock_guard lock(mutex_);
  in_use_.erase(connection->fd());
  if (usable && idle_.size() < kMostIdle) idle_.push_back(std::move(connection));  // there is room for them
}

// The threads that used the other connections are not in the child, so nobody else closes those.
void RedisPool::abandon_after_fork() noexcept {
  const std::lock_guard lock(mutex_);
  idle_.clear();
  for (const int fd : in_use_) ::close(fd);
  in_use_.clear();
}

}  // namespace duetime
