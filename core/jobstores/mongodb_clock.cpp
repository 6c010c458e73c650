#include "core/jobstores/mongodb_clock.h"

#include <chrono>

#include "core/base/error.h"

namespace duetime {

Instant server_time(MongoConnection& connection) {
  // Its newer name, hello, is not known to servers before 4.4.
  const std::string answer = connection.read(Bson{{"isMaster", 1}}, "admin");
  const std::optional<BsonElement> clock = BsonView(answer).find("localTime");
  const std::optional<Instant> time = clock ? clock->date() : std::nullopt;
  if (!time) throw Error(ErrorCode::kStoreUnavailable, "MongoDB: the server does not tell its clock");
  return *time;
}

Instant MongoClock::now(MongoConnection& connection, const CallTime& time) {
  if (instead_) return instead_(time);
  std::optional<Reading> reading = latest();
  const bool fresh =
      reading && time.boot_time >= reading->boot_time && time.boot_time - reading->boot_time < kAskedEvery;
  if (!fresh) {
    reading = ask(connection, time.boot_time);
    const std::lock_guard lock(mutex_);
    reading_ = reading;
  }
  return reading->server_time + (time.boot_time - reading->boot_time);
}

std::optional<MongoClock::Reading> MongoClock::latest() const {
  const std::lock_guard lock(mutex_);
  return reading_;
}

MongoClock::Reading MongoClock::ask(MongoConnection& connection, Duration boot_time) {
  // A span, not a time: how long after `boot_time` the answer came.
  const auto asked = std::chrono::steady_clock::now();
  const Instant answer = server_time(connection);
  const auto took = std::chrono::ceil<Duration>(std::chrono::steady_clock::now() - asked);
  return {boot_time + took, answer};
}

}  // namespace duetime
