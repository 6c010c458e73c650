#include "core/triggers/cron_values.h"

#include "core/triggers/phrases.h"

namespace duetime {
namespace {

constexpr std::size_t kFewestInARow = 3;  // that are worth a "to"

}  // namespace

CronValues values_of_mask(uint64_t mask) {
  CronValues values;
  for (int value = 0; value < 64; ++value) {
    if (mask >> value & 1) values.push_back(value);
  }
  return values;
}

std::vector<std::pair<int, int>> runs_of(const CronValues& values) {
  std::vector<std::pair<int, int>> runs;
  for (const int value : values) {
    if (!runs.empty() && runs.back().second + 1 == value) {
      runs.back().second = value;
    } else {
      runs.emplace_back(value, value);
    }
  }
  return runs;
}

std::optional<int> even_step_of(const CronValues& values) {
  if (values.size() < kFewestInARow) return std::nullopt;
  const int step = values[1] - values[0];
  for (std::size_t i = 2; i < values.size(); ++i) {
    if (values[i] - values[i - 1] != step) return std::nullopt;
  }
  return step;
}

std::optional<int> around_step_of(const CronValues& values, int count) {
  if (values.size() < 2) return std::nullopt;
  const int step = values[1] - values[0];
  if (step * static_cast<int>(values.size()) != count) return std::nullopt;
  if (values.size() > 2 && even_step_of(values) != step) return std::nullopt;
  return step;
}

std::string numbers_text(const CronValues& values) {
  std::vector<std::string> texts;
  for (const auto& [first, last] : runs_of(values)) {
    if (last - first + 1 >= static_cast<int>(kFewestInARow)) {
      texts.push_back(std::to_string(first) + " to " + std::to_string(last));
    } else {
      for (int value = first; value <= last; ++value) texts.push_back(std::to_string(value));
    }
  }
  return listed(texts, "and");
}

}  // namespace duetime
