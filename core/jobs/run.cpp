#include "core/jobs/run.h"

#include <array>

namespace duetime {
namespace {

struct Name {
  RunState state;
  const char* text;
};

constexpr std::array kNames = {
    Name{RunState::kClaimed, "claimed"}, Name{RunState::kSucceeded, "succeeded"},
    Name{RunState::kFailed, "failed"},   Name{RunState::kMissed, "missed"},
    Name{RunState::kRefused, "refused"}, Name{RunState::kAbandoned, "abandoned"},
};

}  // namespace

const char* to_string(RunState state) {
  for (const Name& name : kNames) {
    if (name.state == state) return name.text;
  }
  return "unknown";
}

std::optional<RunState> parse_run_state(std::string_view text) {
  for (const Name& name : kNames) {
    if (name.text == text) return name.state;
  }
  return std::nullopt;
}

}  // namespace duetime
