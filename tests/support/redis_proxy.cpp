#include "tests/support/redis_proxy.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

namespace duetime {
namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::ranges::copy(path, address.sun_path);
  return address;
}

void drip_into(int fd, std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % 64 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
    send(fd, &bytes[i], 1, MSG_NOSIGNAL);
  }
}

}  // namespace

RedisProxy::RedisProxy(std::string server_socket) : server_socket_(std::move(server_socket)) {
  const sockaddr_un address = address_of(socket());
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  listen(listener_, 16);
  thread_ = std::thread([this] { run(); });
}

RedisProxy::~RedisProxy() {
  stop_ = true;
  thread_.join();
  close(listener_);
}

void RedisProxy::run() {
  std::vector<Pair> pairs;
  while (!stop_) {
    std::vector<pollfd> waiting = {{listener_, POLLIN, 0}};
    for (const Pair& pair : pairs) {
      waiting.push_back({pair.client, POLLIN, 0});
      waiting.push_back({pair.server, POLLIN, 0});
    }
    if (poll(waiting.data(), waiting.size(), 20) <= 0) continue;
    std::vector<Pair> kept;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const Pair& pair = pairs[i];
      const bool sent = waiting[1 + 2 * i].revents == 0 || relay(pair.client, pair.server, to_server_left_);
      const bool received = waiting[2 + 2 * i].revents == 0 || answer(pair);
      if (sent && received) {
        kept.push_back(pair);
      } else {
        close(pair.client);
        close(pair.server);
      }
    }
    pairs = std::move(kept);
    if (waiting[0].revents != 0) accept_one(pairs);
  }
  for (const Pair& pair : pairs) {
    close(pair.client);
    close(pair.server);
  }
}

void RedisProxy::accept_one(std::vector<Pair>& pairs) const {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = address_of(server_socket_);
  connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  pairs.push_back({client, server});
}

bool RedisProxy::answer(const Pair& pair) {
  if (!drop_ && !drip_) return relay(pair.server, pair.client, from_server_left_);
  char buffer[4096];
  const ssize_t got = recv(pair.server, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  const std::string_view bytes(buffer, static_cast<std::size_t>(got));
  // Messages go whole: nobody waits for them, and as single bytes a few fill the socket and hold up this
  // thread.
  if (drip_ && bytes.starts_with("*3\r\n$7\r\nmessage")) {
    send(pair.client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } else if (!drop_) {
    drip_into(pair.client, bytes);
  }
  return true;
}

// False if the connection is to end.
bool RedisProxy::relay(int from, int to, std::atomic<int64_t>& left) {
  char buffer[4096];
  const ssize_t got = recv(from, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  const int64_t allowed = std::min<int64_t>(got, left);
  send(to, buffer, static_cast<std::size_t>(allowed), MSG_NOSIGNAL);
  if (left == kNever) return true;
  left -= allowed;
  if (left > 0) return true;
  left = kNever;
  return false;
}

}  // namespace duetime
