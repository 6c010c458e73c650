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

  void remember(const Uuid& claim_id, Outcome outcome) {
    std::erase_if(ids_, [&](const Entry& entry) { return entry.id == claim_id; });
    if (ids_.size() >= kRememberedClaims) ids_.pop_front();
    ids_.push_back({claim_id, outcome});
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
