// SQL that a program runs on a connection of its own, whose driver and transaction the engine knows nothing
// of.
#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"

namespace duetime {

struct SqlStatement {
  std::string sql;           // each parameter is a ?, and no other ? or % is in it
  Json parameters;           // an array of null, integers and texts
  bool must_change = false;  // if it changes no row, the job's id is taken, and nothing more is to be run
};

using SqlStatements = std::vector<SqlStatement>;

}  // namespace duetime
