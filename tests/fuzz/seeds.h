// Inputs to begin with, by target: what the tables of tests/data accept and refuse, and the files of the tz
// database that they name. Made anew each time, so that a row added to a table is a seed.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace duetime::fuzz {

using Seeds = std::map<std::string, std::vector<std::string>>;

// Every target has some. Throws std::exception if a table is missing.
Seeds make_seeds();

}  // namespace duetime::fuzz
