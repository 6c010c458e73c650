#include "core/jobstores/redis_keys.h"

#include <array>

namespace duetime {
namespace {

// The order of the prelude in redis_scripts.cpp.
constexpr std::array kNames = {"meta",   "ids",    "jobs", "documents", "due",   "running",
                               "claims", "leases", "runs", "history",   "ended", "imports"};

}  // namespace

RedisCommand RedisKeys::for_script(const Uuid* claim_id) const {
  RedisCommand keys;
  keys.add(static_cast<int64_t>(kNames.size() + (claim_id ? 1 : 0)));
  for (const char* name : kNames) keys.add(begin_ + name);
  if (claim_id) keys.add(begin_ + "claim:" + to_string(*claim_id));
  return keys;
}

}  // namespace duetime
