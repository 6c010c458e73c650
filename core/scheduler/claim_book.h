// What a part of the scheduler knows of each claim that it has to do with: found, added and taken out without
// a search and without memory of its own for each, because a claim knows its place in the book.
//
// A claim is in one book for each of its BookPlaces, at most. Threads: the owner's mutex.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "core/jobs/run.h"

namespace duetime {

template <typename Note, BookPlace Claim::*kPlace>
class ClaimBook {
 public:
  struct Entry {
    ClaimPtr claim;
    Note note;
  };

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

  // Null if the claim is not in the book.
  const Note* find(const ClaimPtr& claim) const {
    const std::size_t index = place_of(claim);
    return index < entries_.size() && entries_[index].claim == claim ? &entries_[index].note : nullptr;
  }
  Note* find(const ClaimPtr& claim) { return const_cast<Note*>(std::as_const(*this).find(claim)); }

  // Requires: the claim is not in the book.
  void add(const ClaimPtr& claim, Note note) {
    entries_.push_back({claim, std::move(note)});
    place_of(claim) = entries_.size() - 1;
  }

  // Nothing happens if it is not there.
  void erase(const ClaimPtr& claim) {
    if (find(claim) == nullptr) return;
    const std::size_t index = place_of(claim);
    place_of(entries_.back().claim) = index;
    std::swap(entries_[index], entries_.back());
    entries_.pop_back();
  }

 private:
  static std::size_t& place_of(const ClaimPtr& claim) { return ((*claim).*kPlace).index; }

  std::vector<Entry> entries_;
};

}  // namespace duetime
