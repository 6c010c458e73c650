// A file descriptor that closes itself, and the two kinds that alarms are made of.
#pragma once

#include <cstdint>

#include "core/time/clock.h"

namespace duetime {

class FileDescriptor {
 public:
  // Takes the result of a system call. Throws kInternal, naming the call, if it is negative.
  FileDescriptor(int fd, const char* call);
  ~FileDescriptor();
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int get() const { return fd_; }

 private:
  int fd_;
};

// Readable between set() and clear(). Any thread.
class EventFlag {
 public:
  EventFlag();
  void set() noexcept;
  void clear() noexcept;
  int fd() const { return fd_.get(); }

 private:
  FileDescriptor fd_;
};

// What an alarm sleeps on. `own` descriptors stay readable until they are cleared; watched ones are reported
// once per arrival of data, so that a descriptor nobody drains does not keep the sleeper awake.
class EpollSet {
 public:
  EpollSet();
  void add_own(int fd);
  void watch(int fd);
  void unwatch(int fd);
  int fd() const { return epoll_.get(); }

  // Sleeps until something is readable, or not at all. Answers whether a watched descriptor is.
  bool sleep(bool may_block);

 private:
  void add(int fd, uint32_t events, bool watched);

  FileDescriptor epoll_;
};

}  // namespace duetime
