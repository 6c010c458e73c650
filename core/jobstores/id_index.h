// The jobs of the memory store by id: a hash table whose chains run through the items themselves, so that an
// item is taken out without looking for it, and neither way follows a pointer more than it must.
//
// Item needs: id(), and the members `std::size_t id_hash` and `std::shared_ptr<Item> next_in_chain`, which
// are the index's while the item is in it.
#pragma once

#include <bit>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace duetime {

template <typename Item>
class IdIndex {
 public:
  using ItemPtr = std::shared_ptr<Item>;

  ~IdIndex() { clear(); }

  std::size_t size() const { return size_; }

  // Null if there is none.
  ItemPtr find(std::string_view id) const {
    const std::size_t hash = hash_of(id);
    for (const ItemPtr* link = &chains_[place(hash)]; *link; link = &(*link)->next_in_chain) {
      if ((*link)->id_hash == hash && (*link)->id() == id) return *link;
    }
    return nullptr;
  }

  // For so many items in all: then insert() does not fail.
  void make_room(std::size_t items) {
    if (items > chains_.size()) spread_over(std::bit_ceil(items));
  }

  // Requires: no item of that id is in the index.
  void insert(ItemPtr item) {
    make_room(size_ + 1);
    item->id_hash = hash_of(item->id());
    link(std::move(item));
    ++size_;
  }

  // Requires, both: the item is in the index.
  const ItemPtr& owner_of(const Item& item) const { return *link_to(item); }
  void erase(Item& item) {
    ItemPtr& link = const_cast<ItemPtr&>(*link_to(item));
    const ItemPtr erased = std::exchange(link, std::move(item.next_in_chain));
    --size_;
  }

  template <typename Function>
  void for_each(Function function) const {
    for (const ItemPtr& chain : chains_) {
      for (Item* item = chain.get(); item != nullptr; item = item->next_in_chain.get()) function(*item);
    }
  }

  // Link by link: a long chain must not be destroyed by as deep a recursion.
  void clear() {
    for (ItemPtr& chain : chains_) {
      while (chain) chain = std::exchange(chain->next_in_chain, nullptr);
    }
    size_ = 0;
  }

 private:
  static constexpr std::size_t kFirstChains = 16;  // a power of two, as every later count

  static std::size_t hash_of(std::string_view id) { return std::hash<std::string_view>{}(id); }

  std::size_t place(std::size_t hash) const { return hash & (chains_.size() - 1); }

  const ItemPtr* link_to(const Item& item) const {
    const ItemPtr* link = &chains_[place(item.id_hash)];
    while (link->get() != &item) link = &(*link)->next_in_chain;
    return link;
  }

  void link(ItemPtr item) {
    ItemPtr& chain = chains_[place(item->id_hash)];
    item->next_in_chain = std::move(chain);
    chain = std::move(item);
  }

  void spread_over(std::size_t count) {
    std::vector<ItemPtr> old(count);
    old.swap(chains_);
    for (ItemPtr& chain : old) {
      while (chain) {
        ItemPtr item = std::exchange(chain, std::move(chain->next_in_chain));
        link(std::move(item));
      }
    }
  }

  std::vector<ItemPtr> chains_ = std::vector<ItemPtr>(kFirstChains);
  std::size_t size_ = 0;
};

}  // namespace duetime
