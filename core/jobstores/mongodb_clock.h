// The server's clock, on which leases are counted, as this process knows it: asked now and then, and carried
// on in between by the boot time that comes with each call.
//
// What it answers is never ahead of the server's clock, and behind it by no more than the round trip of the
// last question, as long as nobody sets the server's clock; when somebody does, all nodes have followed
// within kAskedEvery. A lease that looks longer than it is does no harm, since whoever took over has raised
// the fence.
//
// Threads: any.
#pragma once

#include <mutex>
#include <optional>

#include "core/jobstores/mongodb_connection.h"

namespace duetime {

class MongoClock {
 public:
  static constexpr Duration kAskedEvery = std::chrono::seconds(10);

  explicit MongoClock(std::function<Instant(const CallTime&)> instead) : instead_(std::move(instead)) {}

  Instant now(MongoConnection& connection, const CallTime& time);

 private:
  struct Reading {
    Duration boot_time{};  // when the answer was here
    Instant server_time;   // that it held
  };

  std::optional<Reading> latest() const;
  static Reading ask(MongoConnection& connection, Duration boot_time);

  const std::function<Instant(const CallTime&)> instead_;
  mutable std::mutex mutex_;
  std::optional<Reading> reading_;
};

// What the server says of itself holds its clock.
Instant server_time(MongoConnection& connection);

}  // namespace duetime
