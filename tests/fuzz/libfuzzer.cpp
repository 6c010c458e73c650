// Drives the targets with libFuzzer (tests/run fuzz):
//
//   duetime_fuzz --write-seeds DIRECTORY                        a directory of seeds for each target; prints
//   their names DUETIME_FUZZ_TARGET=crontab duetime_fuzz [libFuzzer's arguments]
//
// The name comes from the environment, which libFuzzer hands on to the processes it starts.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/fuzz/fuzz_targets.h"
#include "tests/fuzz/json_mutation.h"
#include "tests/fuzz/seeds.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace duetime::fuzz {
namespace {

const FuzzTarget* chosen_target = nullptr;

void write_seeds(const std::filesystem::path& directory) {
  for (const auto& [target, seeds] : make_seeds()) {
    std::cout << target << "\n";
    std::filesystem::create_directories(directory / target);
    for (std::size_t i = 0; i < seeds.size(); ++i) {
      std::ofstream(directory / target / std::to_string(i), std::ios::binary) << seeds[i];
    }
  }
}

const FuzzTarget& target_of_environment() {
  const char* name = std::getenv("DUETIME_FUZZ_TARGET");
  if (const FuzzTarget* found = find_fuzz_target(name == nullptr ? "" : name)) return *found;
  std::cerr << "DUETIME_FUZZ_TARGET is " << (name == nullptr ? "not set" : name) << ", expected one of";
  for (const FuzzTarget& target : fuzz_targets()) std::cerr << " " << target.name;
  std::cerr << "\n";
  std::exit(2);
}

std::string mutated_text(const std::string& text) {
  std::string room = text;
  room.resize(text.size() + 16);
  room.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(room.data()), text.size(), room.size()));
  return room;
}

std::string_view as_text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace
}  // namespace duetime::fuzz

using namespace duetime::fuzz;

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  if (*argc == 3 && std::strcmp((*argv)[1], "--write-seeds") == 0) {
    write_seeds((*argv)[2]);
    std::exit(0);
  }
  chosen_target = &target_of_environment();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  chosen_target->run(as_text(data, size));
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  if (chosen_target->takes_json && seed % 4 != 0) {
    const std::string json = mutated_json(as_text(data, size), seed, mutated_text);
    if (!json.empty() && json.size() <= max_size) {
      std::memcpy(data, json.data(), json.size());
      return json.size();
    }
  }
  return LLVMFuzzerMutate(data, size, max_size);
}
