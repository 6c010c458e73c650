#include "core/jobstores/postgresql_subscription.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace duetime {

PgSubscription::PgSubscription(const PostgresqlStoreOptions& options, const std::string& channel,
                               std::string own_name)
    : options_(options),
      listen_("LISTEN \"" + channel + "\""),
      confirm_("SELECT 1"),
      own_name_(std::move(own_name)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1") {}

bool PgSubscription::active() const {
  const std::lock_guard lock(mutex_);
  return connection_ != nullptr;
}

void PgSubscription::ensure() {
  const std::lock_guard lock(mutex_);
  if (connection_) return;
  try {
    listen();
  } catch (const Error&) {
    connection_ = nullptr;  // the store is looked at from time to time instead
  }
}

void PgSubscription::listen() {
  missed_some_ = true;
  connection_ = std::make_unique<PgConnection>(options_);
  connection_->run(PgBatch().add(listen_), PgEffect::kNone);
  epoll_event event{};
  event.events = EPOLLIN;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection_->fd(), &event) != 0) {
    throw Error(ErrorCode::kInternal, "epoll_ctl failed");
  }
}

// What was committed before the question is told before its answer.
bool PgSubscription::drain() {
  const std::lock_guard lock(mutex_);
  bool changed = std::exchange(missed_some_, false);
  if (!connection_) return changed;
  try {
    changed = read_notifications() || changed;
    if (changed) return true;
    connection_->run(PgBatch().add(confirm_), PgEffect::kNone);
    return read_notifications();
  } catch (const Error&) {
    connection_ = nullptr;  // closing takes it out of the epoll set
    return true;
  }
}

bool PgSubscription::read_notifications() {
  const std::vector<std::string> names = connection_->notifications();
  epoll_event event{};
  ::epoll_wait(epoll_.get(), &event, 1, 0);  // brings its state up to date, so that the next one is news
  return std::ranges::any_of(names, [&](const std::string& name) { return name != own_name_; });
}

void PgSubscription::abandon_after_fork() noexcept {
  if (connection_) connection_->abandon();
  ::close(epoll_.get());
}

}  // namespace duetime
