// Reads a table of tests/data.
#pragma once

#include <fstream>
#include <string>

#include "core/base/json.h"

namespace duetime {

inline Json data_file(const std::string& name) {
  std::ifstream file(std::string(DUETIME_SOURCE_DIR) + "/tests/data/" + name);
  return Json::parse(file);
}

}  // namespace duetime
