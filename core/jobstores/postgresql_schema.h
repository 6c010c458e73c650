// The tables of the PostgreSQL store: their names, how they are made, and how they are recognised.
// docs/postgresql_schema.md describes them for other programs.
#pragma once

#include <string>

#include "core/jobstores/postgresql_connection.h"

namespace duetime {

inline constexpr int64_t kPostgresqlSchemaVersion = 1;

struct PgTables {
  PgTables(const std::string& schema, const std::string& prefix, const std::string& lease_time);

  // SQL with the names in it: {meta}, {jobs}, {runs}, {numbers}; {schema} and {prefix} bare; {now} for the
  // time that leases count on, once per statement; and {columns} for `columns`.
  std::string sql(std::string_view text, std::string_view columns = {}) const;

  std::string schema;
  std::string prefix;
  std::string lease_time;

  // The channel on which changes are told.
  std::string channel() const;
};

// Makes the schema and the tables if they are not there. Nodes that do so at the same time wait for each
// other.
//
// Throws kStoreCorrupt for tables of our names and another shape, kNewerVersion for those of a later duetime;
// neither is touched.
void prepare_postgresql_schema(PgConnection& connection, const PgTables& tables);

}  // namespace duetime
