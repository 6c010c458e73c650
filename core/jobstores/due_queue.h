// The jobs of the memory store ordered by due time: a 4-ary heap in which any item can be found, moved and
// taken out. Equal times are ordered by id, which keeps runs of one second in a stable order.
//
// Moving items must not cost a cache miss each, so the heap touches the items themselves as little as it can:
// what decides is kept in its slots, and where an item stands in a table of numbers.
//
// Item needs: due_time(), id(), and a member `uint32_t queue_number`, kNotQueued while outside.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/time/instant.h"

namespace duetime {

template <typename Item>
class DueQueue {
 public:
  static constexpr uint32_t kNotQueued = UINT32_MAX;

  bool empty() const { return slots_.empty(); }
  Item* top() const { return items_[slots_.front().number]; }

  // For so many items in all: then push() does not fail.
  void make_room(std::size_t items) {
    if (items > items_.capacity()) reserve(std::max(items, 2 * items_.capacity()));
  }

  // Requires: not queued.
  void push(Item* item) {
    const uint32_t number = take_number(item);
    item->queue_number = number;
    slots_.push_back({item->due_time(), beginning_of(item->id()), number});
    sift_up(slots_.size() - 1);
  }

  // Requires: queued.
  void erase(Item* item) {
    const std::size_t place = places_[item->queue_number];
    free_numbers_.push_back(item->queue_number);
    item->queue_number = kNotQueued;
    const Slot last = slots_.back();
    slots_.pop_back();
    if (place == slots_.size()) return;
    put(place, last);
    restore(place);
  }

  // The item's due time has changed. Requires: queued.
  void update(Item* item) {
    const std::size_t place = places_[item->queue_number];
    slots_[place].due = item->due_time();
    restore(place);
  }

  void clear() {
    for (const Slot& slot : slots_) items_[slot.number]->queue_number = kNotQueued;
    slots_.clear();
    items_.clear();
    places_.clear();
    free_numbers_.clear();
  }

 private:
  static constexpr std::size_t kArity = 4;
  static constexpr std::size_t kNowhere = SIZE_MAX;

  struct Slot {
    Instant due;
    uint64_t beginning;  // of the id, in an order that is the ids'
    uint32_t number;
  };

  static uint64_t beginning_of(std::string_view id) {
    uint64_t beginning = 0;
    for (std::size_t i = 0; i < sizeof beginning; ++i) {
      beginning = beginning << 8 | (i < id.size() ? static_cast<unsigned char>(id[i]) : 0);
    }
    return beginning;
  }

  uint32_t take_number(Item* item) {
    if (!free_numbers_.empty()) {
      const uint32_t number = free_numbers_.back();
      free_numbers_.pop_back();
      items_[number] = item;
      return number;
    }
    make_room(items_.size() + 1);
    items_.push_back(item);
    places_.push_back(0);
    return static_cast<uint32_t>(items_.size() - 1);
  }

  // All at once and before anything changes: push() fails wholly or not at all, and erase() never.
  void reserve(std::size_t count) {
    slots_.reserve(count);
    places_.reserve(count);
    free_numbers_.reserve(count);
    items_.reserve(count);
  }

  bool before(const Slot& a, const Slot& b) const {
    if (a.due != b.due) return a.due < b.due;
    if (a.beginning != b.beginning) return a.beginning < b.beginning;
    return items_[a.number]->id() < items_[b.number]->id();
  }

  void put(std::size_t place, const Slot& slot) {
    slots_[place] = slot;
    places_[slot.number] = static_cast<uint32_t>(place);
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
      if (child == kNowhere || !before(slots_[child], moving)) break;
      put(place, slots_[child]);
      place = child;
    }
    put(place, moving);
  }

  std::size_t earliest_child(std::size_t place) const {
    const std::size_t first = place * kArity + 1;
    if (first >= slots_.size()) return kNowhere;
    std::size_t best = first;
    const std::size_t end = std::min(first + kArity, slots_.size());
    for (std::size_t child = first + 1; child < end; ++child) {
      if (before(slots_[child], slots_[best])) best = child;
    }
    return best;
  }

  std::vector<Slot> slots_;
  std::vector<Item*> items_;      // by number
  std::vector<uint32_t> places_;  // in slots_, by number
  std::vector<uint32_t> free_numbers_;
};

}  // namespace duetime
