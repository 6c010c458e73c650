// How long a trigger made of others looks for a fire that suits all of them.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/time/instant.h"

namespace duetime {

// A few milliseconds. Of rules about days, these are more than 50 years.
inline constexpr int kMaxSearchSteps = 20'000;

// Counts steps; throws kUnsupported when there have been too many. Searches within a search share its steps:
// a `not` whose trigger is another `not` must not take 20,000 times 20,000.
class SearchLimit {
 public:
  SearchLimit(std::string_view type, Instant from) : type_(type), from_(from) {
    if (searches_under_way_++ == 0) steps_ = 0;
  }
  ~SearchLimit() { --searches_under_way_; }
  SearchLimit(const SearchLimit&) = delete;
  SearchLimit& operator=(const SearchLimit&) = delete;

  void step(Instant reached) {
    if (++steps_ <= kMaxSearchSteps) return;
    throw Error(ErrorCode::kUnsupported, std::string(type_) + " trigger: no fire found in " +
                                             std::to_string(kMaxSearchSteps) + " steps from " +
                                             to_string(from_) + " to " + to_string(reached));
  }

 private:
  static inline constinit thread_local int searches_under_way_ = 0;
  static inline constinit thread_local int steps_ = 0;

  std::string_view type_;
  Instant from_;
};

}  // namespace duetime
