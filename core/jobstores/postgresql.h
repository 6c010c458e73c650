// Jobs in a PostgreSQL database that many processes and hosts may share. Due jobs are locked with FOR UPDATE
// SKIP LOCKED, planned here and moved by one write for the whole batch; LISTEN and NOTIFY wake the others.
// docs/postgresql_schema.md describes the tables for other programs.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/jobstores/job_store.h"

namespace duetime {

struct PostgresqlStoreOptions {
  // postgresql://... with everything that libpq takes; may be empty. What the parameters below say goes
  // first.
  std::string uri;

  // libpq's connection parameters by their names: host, port, user, password, dbname, sslmode, ...
  std::map<std::string, std::string> parameters;

  std::string schema;  // empty: the first that exists of the search path
  std::string table_prefix = "duetime";
  Duration connect_timeout = std::chrono::seconds(5);
  Duration command_timeout = std::chrono::seconds(10);  // of one exchange with the server
  std::size_t pool_size = 4;                            // connections at most, without the one that listens

  // What time it is for leases, as an SQL expression in microseconds. For tests; the server's own clock if
  // empty.
  std::string lease_time;
};

// Throws kInvalidArgument for a bad option; the server, and libpq, are first touched by open(), which
// throws kInvalidArgument for a URI or a parameter that libpq does not take.
JobStorePtr make_postgresql_job_store(const PostgresqlStoreOptions& options);
JobStorePtr make_postgresql_job_store(const Json& configuration);

// The part of a URL after "postgresql:" or "postgres:", as configuration. Options that are the store's own
// are taken out of it; libpq gets the rest as it is.
Json postgresql_configuration_from_url(std::string_view rest);

}  // namespace duetime
