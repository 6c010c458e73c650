#include "core/jobstores/postgresql_pool.h"

#include <unistd.h>

#include <utility>

namespace duetime {

std::unique_ptr<PgConnection> PgPool::take() {
  reserve();
  try {
    std::unique_ptr<PgConnection> connection = take_idle();
    if (!connection) connection = std::make_unique<PgConnection>(options_);
    const std::lock_guard lock(mutex_);
    in_use_.insert(connection->fd());
    return connection;
  } catch (...) {
    give_up_reservation();
    throw;
  }
}

void PgPool::reserve() {
  const auto has_room = [&] { return reserved_ < options_.pool_size; };
  std::unique_lock lock(mutex_);
  if (!returned_.wait_for(lock, options_.command_timeout, has_room)) {
    throw Error(ErrorCode::kStoreUnavailable, "PostgreSQL: all " + std::to_string(options_.pool_size) +
                                                  " connections are in use, and none became free in time");
  }
  ++reserved_;
}

void PgPool::give_up_reservation() noexcept {
  {
    const std::lock_guard lock(mutex_);
    --reserved_;
  }
  returned_.notify_one();
}

// One that the server has closed meanwhile is dropped here: found out in mid-call, it would be a call of
// unknown outcome.
std::unique_ptr<PgConnection> PgPool::take_idle() {
  for (;;) {
    std::unique_ptr<PgConnection> connection;
    {
      const std::lock_guard lock(mutex_);
      if (idle_.empty()) return nullptr;
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
    if (connection->is_usable()) return connection;
  }
}

void PgPool::take_back(std::unique_ptr<PgConnection> connection) noexcept {
  const bool usable = connection->is_usable();
  {
    const std::lock_guard lock(mutex_);
    in_use_.erase(connection->fd());
    if (usable) idle_.push_back(std::move(connection));
  }
  connection.reset();  // before the next call connects: the server counts connections too
  give_up_reservation();
}

// The threads that used the other connections are not in the child, so nobody else closes those.
void PgPool::abandon_after_fork() noexcept {
  const std::lock_guard lock(mutex_);
  for (const std::unique_ptr<PgConnection>& connection : idle_) connection->abandon();
  for (const int fd : in_use_) ::close(fd);
  in_use_.clear();
}

}  // namespace duetime
