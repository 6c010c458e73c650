// duetime's side of tests/bench/stores/run, and the bare clients': given where the servers are, prints the
// names of its works as a JSON array, and then, for each name that it reads, items per second.
#include <exception>
#include <iomanip>
#include <iostream>
#include <map>
#include <string>

#include "core/base/json.h"
#include "tests/bench/stores/work.h"

namespace duetime::bench {
namespace {

Places read_places(const char* text) {
  const Json places = Json::parse(text);
  return {places.at("postgresql"), places.at("redis"), places.at("sqlite")};
}

Works all_works(const Places& places) {
  Works works;
  add_store_works(works, places);
  add_scheduler_works(works, places);
  add_bare_postgresql_works(works, places);
  add_bare_redis_works(works, places);
  add_bare_sqlite_works(works, places);
  return works;
}

int serve(const Places& places) {
  std::map<std::string, Work> works;
  Json names = Json::array();
  for (Work& work : all_works(places)) {
    names.push_back(work.name);
    works.emplace(work.name, std::move(work));
  }
  std::cout << names << std::endl;
  for (std::string name; std::getline(std::cin, name);) {
    std::cout << std::fixed << std::setprecision(1) << works.at(name).per_second() << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace duetime::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: duetime_store_driver PLACES.json\n";
    return 2;
  }
  try {
    return duetime::bench::serve(duetime::bench::read_places(argv[1]));
  } catch (const std::exception& error) {
    std::cerr << "duetime_store_driver: " << error.what() << "\n";
    return 1;
  }
}
