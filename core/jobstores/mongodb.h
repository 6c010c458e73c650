// Jobs in a MongoDB database that many processes and hosts may share. Each call is made of operations that
// touch one document each, so a standalone server is as good as a replica set: no transactions.
// docs/mongodb_schema.md describes the collections for other programs, and whose clock the leases run on.
#pragma once

#include <functional>
#include <string>

#include "core/jobstores/job_store.h"

namespace duetime {

inline constexpr const char* kMongoDefaultDatabase = "duetime";

struct MongoStoreOptions {
  std::string uri;  // mongodb://... or mongodb+srv://..., with everything that the driver's own options say
  std::string database;            // empty: the one that the URI names, else kMongoDefaultDatabase
  std::string prefix = "duetime";  // begins the names of all collections
  Duration timeout = std::chrono::seconds(10);  // of one exchange with the server, unless the URI says more

  // What time it is for leases, where the server's clock is not to be asked: in simulations.
  std::function<Instant(const CallTime&)> lease_clock;
};

// Throws kInvalidArgument for a bad option; the server, and the driver's library, are first touched by
// open().
JobStorePtr make_mongodb_job_store(const MongoStoreOptions& options);
JobStorePtr make_mongodb_job_store(const Json& configuration);

}  // namespace duetime
