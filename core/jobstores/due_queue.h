// The jobs of the memory store ordered by due time: a 4-ary heap whose items know their place, so that any of
// them can be moved or taken out. Equal times are ordered by id, which keeps runs of one second in a stable
// order.
//
// Item needs: due_time(), id(), and a member `std::size_t queue_place`, kNotQueued while outside.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/time/instant.h"

namespace duetime {

template <typename Item>
class DueQueue {
 public:
  static constexpr std::size_t kNotQueued = SIZE_MAX;

  bool empty() const { return slots_.empty(); }
  Item* top() const { return slots_.front().item; }

  // For so many items in all: then push() does not fail.
  void make_room(std::size_t items) {
    if (items > slots_.capacity()) slots_.reserve(std::max(items, 2 * slots_.capacity()));
  }

  // Requires: not queued.
  void push(Item* item) {
    slots_.push_back({item->due_time(), item});
    sift_up(slots_.size() - 1);
  }

  // Requires: queued.
  void erase(Item* item) {
    const std::size_t place = item->queue_place;
    item->queue_place = kNotQueued;
    const Slot last = slots_.back();
    slots_.pop_back();
    if (place == slots_.size()) return;
    put(place, last);
    restore(place);
  }

  // The item's due time has changed. Requires: queued.
  void update(Item* item) {
    slots_[item->queue_place].due = item->due_time();
    restore(item->queue_place);
  }

  void clear() { slots_.clear(); }

 private:
  static constexpr std::size_t kArity = 4;

  // The time is kept beside the pointer: comparing it must not cost a cache miss.
  struct Slot {
    Instant due;
    Item* item;
  };

  static bool before(const Slot& a, const Slot& b) {
    if (a.due != b.due) return a.due < b.due;
    return a.item->id() < b.item->id();
  }

  void put(std::size_t place, const Slot& slot) {
    slots_[place] = slot;
    slot.item->queue_place = place;
  }

  void restore(std::size_t place) {
    if (place > 0 && before(slots_[place], slots_[(place - 1) / kArity])) {
      sift_up(place);
    } else {
      sift_down(place);
    }
  }

  void sift_up(std::size_t place) {
    const Slot moving = slots_[place];
    while (place > 0) {
      const std::size_t parent = (place - 1) / kArity;
      if (!before(moving, slots_[parent])) break;
      put(place, slots_[parent]);
      place = parent;
    }
    put(place, moving);
  }

  void sift_down(std::size_t place) {
    const Slot moving = slots_[place];
    for (;;) {
      const std::size_t child = earliest_child(place);
      if (child == kNotQueued || !before(slots_[child], moving)) break;
      put(place, slots_[child]);
      place = child;
    }
    put(place, moving);
  }

  std::size_t earliest_child(std::size_t place) const {
    const std::size_t first = place * kArity + 1;
    if (first >= slots_.size()) return kNotQueued;
    std::size_t best = first;
    const std::size_t end = std::min(first + kArity, slots_.size());
    for (std::size_t child = first + 1; child < end; ++child) {
      if (before(slots_[child], slots_[best])) best = child;
    }
    return best;
  }

  std::vector<Slot> slots_;
};

}  // namespace duetime
