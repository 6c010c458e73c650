#include "core/jobstores/redis_subscription.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <utility>

#include "core/base/error.h"

namespace duetime {

RedisSubscription::RedisSubscription(const RedisStoreOptions& options, std::string channel,
                                     std::string own_name)
    : options_(options),
      channel_(std::move(channel)),
      own_name_(std::move(own_name)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1") {}

bool RedisSubscription::active() const {
  const std::lock_guard lock(mutex_);
  return connection_ != nullptr;
}

void RedisSubscription::ensure() {
  const std::lock_guard lock(mutex_);
  if (connection_) return;
  try {
    subscribe();
  } catch (const Error&) {
    connection_ = nullptr;  // the store is looked at from time to time instead
  }
}

void RedisSubscription::subscribe() {
  missed_some_ = true;
  connection_ = std::make_unique<RedisConnection>(options_);
  const RedisReply confirmation = connection_->call({"SUBSCRIBE", channel_});
  if (confirmation.value().is_error()) throw_redis_error(confirmation.value().error());
  epoll_event event{};
  event.events = EPOLLIN;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection_->fd(), &event) != 0) {
    throw Error(ErrorCode::kInternal, "epoll_ctl failed");
  }
}

bool RedisSubscription::drain() {
  const std::lock_guard lock(mutex_);
  bool changed = std::exchange(missed_some_, false);
  if (!connection_) return changed;
  try {
    changed = read_messages() || changed;
    return changed || confirm();
  } catch (const Error&) {
    connection_ = nullptr;  // closing takes it out of the epoll set
    return true;
  }
}

bool RedisSubscription::read_messages() {
  bool foreign = false;
  while (const std::unique_ptr<RedisReply> message = connection_->next_message()) {
    foreign = is_foreign(message->value()) || foreign;
  }
  epoll_event event{};
  ::epoll_wait(epoll_.get(), &event, 1, 0);  // brings its state up to date, so that the next message is news
  return foreign;
}

// What the server was asked to publish before this question comes before its answer.
bool RedisSubscription::confirm() {
  connection_->send({"PING"});
  bool foreign = false;
  for (;;) {
    const RedisReply message = connection_->wait_for_message();
    // With the answer there may have come more, and of what is inside already the descriptor tells nothing.
    if (message[0].text() == "pong") return read_messages() || foreign;
    foreign = is_foreign(message.value()) || foreign;
  }
}

bool RedisSubscription::is_foreign(const RedisValue& message) const {
  return message.size() == 3 && message[0].text() == "message" && message[2].text() != own_name_;
}

void RedisSubscription::abandon_after_fork() noexcept {
  if (connection_) ::close(connection_->fd());
  ::close(epoll_.get());
}

}  // namespace duetime
