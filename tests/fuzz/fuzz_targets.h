// What is fuzzed: every parser of text or bytes from outside, each by a function that is given arbitrary
// bytes and holds the parser to its promises: it takes them or throws an Error of a documented code, and what
// it took behaves. A promise that is not kept is a PropertyViolated, any other exception or a crash.
//
// Each target is one file, <name>_fuzz.cpp, and one line in fuzz_targets.cpp. libfuzzer.cpp drives them with
// libFuzzer, replay_test.cpp with seeds (seeds.h) and with the inputs in regressions/<name>, which once
// failed.
#pragma once

#include <span>
#include <string_view>

namespace duetime::fuzz {

struct FuzzTarget {
  const char* name;
  void (*run)(std::string_view input);
  bool takes_json = false;  // mutated as a tree, too (json_mutation.h)
};

std::span<const FuzzTarget> fuzz_targets();

// nullptr if there is none of that name.
const FuzzTarget* find_fuzz_target(std::string_view name);

}  // namespace duetime::fuzz
