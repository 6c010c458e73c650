// BYSETPOS: which places in the set of a period's recurrences are kept. 1 is the first, -1 the last.
//
// Immutable; first_from() allocates nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace duetime {

class RRulePositions {
 public:
  explicit RRulePositions(const std::vector<int>& positions) {
    for (const int position : positions) {
      if (position > 0) from_begin_.push_back(position - 1);
      if (position < 0) from_end_.push_back(position);  // sorted, as the positions are
    }
  }

  bool any() const { return !from_begin_.empty() || !from_end_.empty(); }

  // The first kept place at or after `rank` in a set of `size`, counted from 0; `size` if there is none.
  int64_t first_from(int64_t rank, int64_t size) const {
    const auto ahead = std::lower_bound(from_begin_.begin(), from_begin_.end(), rank);
    const auto behind = std::lower_bound(from_end_.begin(), from_end_.end(), std::max(rank - size, -size));
    const int64_t by_begin = ahead == from_begin_.end() ? size : *ahead;
    const int64_t by_end = behind == from_end_.end() ? size : size + *behind;
    return std::min({by_begin, by_end, size});
  }

 private:
  std::vector<int> from_begin_;
  std::vector<int> from_end_;
};

}  // namespace duetime
