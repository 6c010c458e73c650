// Tells when another program has written to an SQLite file, without asking it all the time.
//
// In WAL mode every commit appends to the file's log, so inotify on the log is the wake-up. It comes a moment
// too early: the log is written first, and only then the commit becomes visible, through shared memory that
// no one can watch. And it comes for our own writes too. So a wake-up is a question, answered under the write
// lock, which is free only when whoever wrote has finished (SqliteSession::drain_changes).
//
// The watches are on the two files themselves. One on the directory would wake for every file in /tmp;
// opening the files instead would, at close, drop the POSIX locks that SQLite holds on them.
#pragma once

#include <string>

namespace duetime {

class SqliteWatch {
 public:
  // Requires: the log exists. Where inotify is not to be had (its instances are limited per user), fd() is
  // -1.
  explicit SqliteWatch(const std::string& path);
  ~SqliteWatch();

  SqliteWatch(const SqliteWatch&) = delete;
  SqliteWatch& operator=(const SqliteWatch&) = delete;

  int fd() const { return fd_; }

  // Reads the descriptor empty; true if there was anything.
  bool drain();

 private:
  bool add(const std::string& path, unsigned events);

  int fd_ = -1;
};

}  // namespace duetime
