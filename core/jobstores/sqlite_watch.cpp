#include "core/jobstores/sqlite_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

namespace duetime {

SqliteWatch::SqliteWatch(const std::string& path) : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (fd_ < 0) return;
  // The file itself is watched for its disappearance only: checkpoints write to it, and change nothing.
  const bool watching = add(path + "-wal", IN_MODIFY) && add(path, IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF);
  if (watching) return;
  ::close(fd_);
  fd_ = -1;
}

SqliteWatch::~SqliteWatch() {
  if (fd_ >= 0) ::close(fd_);
}

bool SqliteWatch::add(const std::string& path, unsigned events) {
  return inotify_add_watch(fd_, path.c_str(), events) >= 0;
}

bool SqliteWatch::drain() {
  bool any = false;
  char events[4096];
  while (fd_ >= 0 && read(fd_, events, sizeof events) > 0) any = true;
  return any;
}

}  // namespace duetime
