#include "core/jobstores/redis_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "core/base/error.h"
#include "core/base/text.h"

namespace duetime {
namespace {

constexpr int kSocketType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

// A peer that vanished without a word is noticed within half a minute.
constexpr int kKeepAliveIdleSeconds = 15;
constexpr int kKeepAliveIntervalSeconds = 5;
constexpr int kKeepAliveProbes = 3;

std::string text_of(int error) { return std::generic_category().message(error); }

[[noreturn]] void fail_in_call(const std::string& why) { throw Error(ErrorCode::kTimeout, why); }

int milliseconds_until(RedisDeadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 1'000'000'000));
}

// False if the deadline passes first.
bool wait_for(int fd, short events, RedisDeadline deadline) {
  for (;;) {
    pollfd waiting{fd, events, 0};
    const int ready = ::poll(&waiting, 1, milliseconds_until(deadline));
    if (ready > 0) return true;
    if (ready == 0 && std::chrono::steady_clock::now() >= deadline) return false;
    if (ready < 0 && errno != EINTR) return true;  // the call that follows says what is wrong
  }
}

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

void configure_tcp(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
}

// 0, or the error.
int connect_socket(int fd, const sockaddr* address, socklen_t size, RedisDeadline deadline) {
  if (::connect(fd, address, size) == 0) return 0;
  if (errno != EINPROGRESS && errno != EINTR) return errno;
  if (!wait_for(fd, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

int open_unix(const RedisStoreOptions& options, RedisDeadline deadline) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (options.unix_socket.size() >= sizeof name.sun_path) fail_to_connect(options, "the path is too long");
  std::ranges::copy(options.unix_socket, name.sun_path);
  const int fd = ::socket(AF_UNIX, kSocketType, 0);
  if (fd < 0) fail_to_connect(options, text_of(errno));
  const int error = connect_socket(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name, deadline);
  if (error == 0) return fd;
  ::close(fd);
  fail_to_connect(options, text_of(error));
}

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

AddressList look_up(const RedisStoreOptions& options) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(options.host.c_str(), std::to_string(options.port).c_str(), &hints, &found);
  if (error != 0) fail_to_connect(options, ::gai_strerror(error));
  return {found, ::freeaddrinfo};
}

// Each address of the host in turn.
int open_tcp(const RedisStoreOptions& options, RedisDeadline deadline) {
  const AddressList addresses = look_up(options);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* one = addresses.get(); one; one = one->ai_next) {
    const int fd = ::socket(one->ai_family, kSocketType, 0);
    error = fd < 0 ? errno : connect_socket(fd, one->ai_addr, one->ai_addrlen, deadline);
    if (fd < 0) continue;
    if (error == 0) {
      configure_tcp(fd);
      return fd;
    }
    ::close(fd);
  }
  fail_to_connect(options, text_of(error));
}

bool is_to_be_tried_again(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

RedisSocket::RedisSocket(const RedisStoreOptions& options, RedisDeadline deadline)
    : fd_(options.unix_socket.empty() ? open_tcp(options, deadline) : open_unix(options, deadline),
          "socket") {}

void RedisSocket::write(std::string_view bytes, RedisDeadline deadline) {
  while (!bytes.empty()) {
    // MSG_NOSIGNAL: a connection that broke is an error here, not the end of the program.
    const ssize_t sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (!is_to_be_tried_again(errno)) {
      fail_in_call("the connection broke: " + text_of(errno));
    } else if (!wait_for(fd(), POLLOUT, deadline)) {
      fail_in_call("the server took no more data before the deadline");
    }
  }
}

std::size_t RedisSocket::read(char* buffer, std::size_t size, RedisDeadline deadline) {
  for (;;) {
    const ssize_t got = ::recv(fd(), buffer, size, 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) fail_in_call("the server closed the connection");
    if (!is_to_be_tried_again(errno)) fail_in_call("the connection broke: " + text_of(errno));
    if (!wait_for(fd(), POLLIN, deadline)) fail_in_call("no answer before the deadline");
  }
}

bool RedisSocket::readable() {
  pollfd waiting{fd(), POLLIN, 0};
  return ::poll(&waiting, 1, 0) != 0;
}

}  // namespace duetime
