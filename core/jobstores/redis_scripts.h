// The Lua scripts that are the store's atomic steps. Each sees and changes the store as nobody else does at
// that moment, so what it reads is what it writes by.
//
// Every script gets the keys of RedisKeys in their order and, as its first arguments, those of its prelude;
// what follows is listed at the script. It answers with an array that begins with the counter.
#pragma once

#include <string>

namespace duetime {

enum class RedisScript {
  kPrepare,    // makes a new store, or tells of the one that is there
  kAdd,        // jobs
  kUpdate,     // one job, by version
  kRemove,     // one job
  kRemoveAll,  // jobs
  kGet,        // jobs by id
  kList,       // a page of jobs by id
  kCount,      // of jobs
  kNextDue,    // the earliest due time
  kDue,        // jobs that are due
  kCarryOut,   // plans
  kClaimed,    // what a claim_id has claimed
  kExpired,    // claims whose lease has passed
  kReclaim,    // decisions about them
  kComplete,   // runs
  kRenew,      // leases
  kRelease,    // claims
  kRuns,       // ended runs by scheduled time
  kClaims,     // all claims
  kPrune,      // ended runs
  kMend,       // the indexes
  kImported,   // whether a source was taken over
};

inline constexpr int kRedisScripts = static_cast<int>(RedisScript::kImported) + 1;

// `lease_time` as in RedisStoreOptions.
std::string redis_script_text(RedisScript script, const std::string& lease_time);

}  // namespace duetime
