// Which claim_ids were used lately, for calls that are repeated.
//
// Threads: one at a time.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>

#include "core/base/uuid.h"

namespace duetime {

class ClaimIds {
 public:
  enum class Outcome { kAnswered, kUnknown };

  std::optional<Outcome> outcome_of(const Uuid& claim_id) const {
    const auto found = std::ranges::find(ids_, claim_id, &Entry::id);
    return found == ids_.end() ? std::nullopt : std::optional(found->outcome);
  }

  // Does not fail where the id is known: one that is remembered before its call can always be settled after
  // it.
  void remember(const Uuid& claim_id, Outcome outcome) {
    const auto found = std::ranges::find(ids_, claim_id, &Entry::id);
    if (found != ids_.end()) {
      found->outcome = outcome;
      return;
    }
    ids_.push_back({claim_id, outcome});
    if (ids_.size() > kRememberedClaims) ids_.pop_front();
  }

 private:
  static constexpr std::size_t kRememberedClaims = 64;

  struct Entry {
    Uuid id;
    Outcome outcome;
  };

  std::deque<Entry> ids_;
};

}  // namespace duetime
