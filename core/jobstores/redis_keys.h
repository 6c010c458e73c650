// The names of the store's keys. The braces make one hash slot of them, so that a cluster keeps them
// together.
#pragma once

#include <string>

#include "core/base/uuid.h"
#include "core/jobstores/redis_connection.h"

namespace duetime {

inline constexpr int kRedisSchemaVersion = 1;

class RedisKeys {
 public:
  explicit RedisKeys(const std::string& prefix) : begin_("{" + prefix + "}:") {}

  // What a script gets: the number of keys, then their names. Those of scripts that claim end with the key
  // that marks the claim_id as used; it expires.
  RedisCommand for_script(const Uuid* claim_id) const;

  std::string channel() const { return begin_ + "changes"; }

 private:
  std::string begin_;
};

}  // namespace duetime
