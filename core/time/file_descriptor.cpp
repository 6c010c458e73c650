#include "core/time/file_descriptor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "core/base/error.h"

namespace duetime {
namespace {

[[noreturn]] void fail(const char* call) {
  throw Error(ErrorCode::kInternal, std::string(call) + ": " + std::generic_category().message(errno));
}

}  // namespace

FileDescriptor::FileDescriptor(int fd, const char* call) : fd_(fd) {
  if (fd < 0) fail(call);
}

FileDescriptor::~FileDescriptor() { ::close(fd_); }

EventFlag::EventFlag() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd") {}

// A write can only fail when the counter is full, and then the flag is set already.
void EventFlag::set() noexcept {
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_.get(), &one, sizeof one);
}

void EventFlag::clear() noexcept {
  uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(fd_.get(), &count, sizeof count);
}

EpollSet::EpollSet() : epoll_(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1") {}

void EpollSet::add(int fd, uint32_t events, bool watched) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = watched ? 1 : 0;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

void EpollSet::add_own(int fd) { add(fd, EPOLLIN, false); }

void EpollSet::watch(int fd) { add(fd, EPOLLIN | EPOLLET, true); }

void EpollSet::unwatch(int fd) {
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr) != 0) fail("epoll_ctl");
}

bool EpollSet::sleep(bool may_block) {
  std::array<epoll_event, 8> events;
  int count = 0;
  do {
    count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), may_block ? -1 : 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) fail("epoll_wait");
  bool watched = false;
  for (int i = 0; i < count; ++i) watched |= events[static_cast<std::size_t>(i)].data.u32 == 1;
  return watched;
}

}  // namespace duetime
