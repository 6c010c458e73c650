// Tells when another node has changed the store: every write notifies a channel, with the node that made it
// as the payload.
//
// fd() is an epoll descriptor around the connection's, so that it stays the same when the connection breaks
// and is made anew.
//
// Threads: any.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "core/jobstores/postgresql_connection.h"
#include "core/time/file_descriptor.h"

namespace duetime {

class PgSubscription {
 public:
  // Notifications of `own_name` are not changes.
  PgSubscription(const PostgresqlStoreOptions& options, const std::string& channel, std::string own_name);

  int fd() const { return epoll_.get(); }

  // False: changes must be looked for otherwise.
  bool active() const;

  // Listens where that is not the case. A server that refuses is no error: see active(). Afterwards the next
  // drain() answers true, as something may have been missed.
  void ensure();

  // Whether something was changed by others since the last call, or may have been. Everything that was
  // committed before the call is counted.
  bool drain();

  // Closes the child's descriptors. Nothing but this may be done with the object in the child: another thread
  // of the parent may have been in the middle of a call.
  void abandon_after_fork() noexcept;

 private:
  void listen();
  bool read_notifications();

  const PostgresqlStoreOptions options_;
  const PgStatement listen_;
  const PgStatement confirm_;
  const std::string own_name_;
  const FileDescriptor epoll_;
  mutable std::mutex mutex_;
  std::unique_ptr<PgConnection> connection_;
  bool missed_some_ = false;
};

}  // namespace duetime
