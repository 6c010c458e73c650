#include "core/jobstores/registry.h"

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/error.h"
#include "core/base/json_members.h"
#include "core/base/text.h"
#include "core/jobstores/memory.h"
#include "core/jobstores/mongodb.h"
#include "core/jobstores/postgresql.h"
#include "core/jobstores/redis.h"
#include "core/jobstores/sqlite.h"

namespace duetime {
namespace {

struct StoreType {
  std::string_view name;
  JobStorePtr (*make)(const Json& configuration);
  // What follows "name:" in a URL, as configuration.
  Json (*configuration_from_url)(std::string_view rest);
};

Json memory_configuration(std::string_view rest) {
  if (!rest.empty() && rest != "//") {
    throw Error(ErrorCode::kInvalidArgument, "store URL 'memory:' takes nothing after the colon");
  }
  return Json{{"type", "memory"}};
}

// As SQLAlchemy writes them: sqlite:///jobs.db is relative, sqlite:////var/lib/jobs.db absolute.
Json sqlite_configuration(std::string_view rest) {
  if (!rest.starts_with("///") || rest.size() == 3) {
    throw Error(ErrorCode::kInvalidArgument,
                "store URL " + in_quotes("sqlite:" + std::string(rest)) + ": expected sqlite:///path");
  }
  return Json{{"type", "sqlite"}, {"path", std::string(rest.substr(3))}};
}

// The driver's own URIs, database and options included.
template <const char* scheme>
Json mongodb_configuration(std::string_view rest) {
  return Json{{"type", "mongodb"}, {"uri", std::string(scheme) + ":" + std::string(rest)}};
}

constexpr char kMongodb[] = "mongodb";
constexpr char kMongodbSrv[] = "mongodb+srv";

constexpr StoreType kTypes[] = {
    {"memory", make_memory_job_store, memory_configuration},
    {kMongodb, make_mongodb_job_store, mongodb_configuration<kMongodb>},
    {kMongodbSrv, make_mongodb_job_store, mongodb_configuration<kMongodbSrv>},
    {"postgres", make_postgresql_job_store, postgresql_configuration_from_url},
    {"postgresql", make_postgresql_job_store, postgresql_configuration_from_url},
    {"redis", make_redis_job_store, redis_configuration_from_url},
    {"rediss", make_redis_job_store, redis_configuration_from_tls_url},
    {"sqlite", make_sqlite_job_store, sqlite_configuration},
    {"unix", make_redis_job_store, redis_configuration_from_unix_url},
};

const StoreType& find_type(std::string_view name) {
  std::string known;
  for (const StoreType& type : kTypes) {
    if (type.name == name) return type;
    known += (known.empty() ? "" : ", ") + std::string(type.name);
  }
  throw Error(ErrorCode::kNotFound, "no job store type " + in_quotes(name) + "; known are " + known);
}

constexpr const char* kHistoryMaxAge = "history_max_age_us";
constexpr const char* kHistoryMaxCount = "history_max_count";

StoreRetention retention_of(const JsonMembers& members) {
  StoreRetention retention;
  if (members.has(kHistoryMaxAge)) {
    retention.max_age = Duration{members.integer(kHistoryMaxAge, 0, INT64_MAX)};
  }
  if (members.has(kHistoryMaxCount)) {
    retention.max_count = static_cast<std::size_t>(members.integer(kHistoryMaxCount, 0, INT64_MAX));
  }
  return retention;
}

}  // namespace

// What every store takes is read here; its own options are its own affair.
JobStorePtr make_job_store(const Json& configuration) {
  const JsonMembers members(configuration, "job store");
  const StoreType& type = find_type(members.text("type"));
  const StoreRetention retention = retention_of(members);
  Json own = configuration;
  own.erase(kHistoryMaxAge);
  own.erase(kHistoryMaxCount);
  JobStorePtr store = type.make(own);
  store->set_retention(retention);
  return store;
}

JobStorePtr make_job_store_from_url(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos) {
    throw Error(ErrorCode::kInvalidArgument,
                "store URL " + in_quotes(url) + ": expected type:..., such as memory: or sqlite:///jobs.db");
  }
  const StoreType& type = find_type(url.substr(0, colon));
  return type.make(type.configuration_from_url(url.substr(colon + 1)));
}

}  // namespace duetime
