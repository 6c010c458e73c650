// The wall times that EXDATE takes away from a recurrence rule, single ones and whole days, as spans without
// gaps between them: the time after all that are excluded at once is one step away.
//
// Immutable; next_allowed() allocates nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace duetime {

class RRuleExclusions {
 public:
  struct Span {
    int64_t begin;
    int64_t end;  // exclusive
  };

  RRuleExclusions() = default;

  explicit RRuleExclusions(std::vector<Span> spans) {
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
    for (const Span& span : spans) {
      if (spans_.empty() || spans_.back().end < span.begin) {
        spans_.push_back(span);
      } else {
        spans_.back().end = std::max(spans_.back().end, span.end);
      }
    }
  }

  // The first time at or after this one that is not excluded.
  int64_t next_allowed(int64_t time) const {
    if (spans_.empty()) return time;
    const auto later = std::upper_bound(spans_.begin(), spans_.end(), time,
                                        [](int64_t t, const Span& span) { return t < span.begin; });
    return later == spans_.begin() ? time : std::max(time, std::prev(later)->end);
  }

 private:
  std::vector<Span> spans_;
};

}  // namespace duetime
