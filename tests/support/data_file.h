// Reads a table of tests/data.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "core/base/json.h"

namespace duetime {

// The rows of one table, by value: a loop over a part of a temporary would outlive it.
inline Json data_rows(const std::string& file, const std::string& table) {
  std::ifstream stream(std::string(DUETIME_SOURCE_DIR) + "/tests/data/" + file);
  Json rows = Json::parse(stream).at(table);
  EXPECT_FALSE(rows.empty()) << file;
  return rows;
}

}  // namespace duetime
