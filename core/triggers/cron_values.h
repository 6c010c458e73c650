// The values of a cron field as people see them: in rows, at equal distances, around the clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace duetime {

using CronValues = std::vector<int>;  // sorted, none twice

CronValues values_of_mask(uint64_t mask);

// Neighbours: 1-3 and 7-7 of 1, 2, 3, 7.
std::vector<std::pair<int, int>> runs_of(const CronValues& values);

// The step of at least three values at equal distances.
std::optional<int> even_step_of(const CronValues& values);

// The step of values that go on around the field at equal distances: 15 for 5, 20, 35 and 50 of 60.
std::optional<int> around_step_of(const CronValues& values, int count);

// "5", "5, 7 and 20", "1 to 9 and 15"
std::string numbers_text(const CronValues& values);

}  // namespace duetime
