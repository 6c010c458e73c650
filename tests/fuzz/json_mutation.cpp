#include "tests/fuzz/json_mutation.h"

#include <array>
#include <random>
#include <vector>

#include "core/base/json.h"

namespace duetime::fuzz {
namespace {

constexpr std::array<int64_t, 12> kNumbers = {
    0, 1, -1, 2, 7, 31, 1'000'000, 86'400'000'000, INT32_MAX, INT64_MAX, INT64_MIN, 60'000'000};

class JsonMutator {
 public:
  JsonMutator(Json& root, uint32_t seed, const MutateText& mutate_text)
      : root_(root), random_(seed), mutate_text_(mutate_text) {
    list_nodes(root);
  }

  void mutate() {
    Json& node = some_node();
    switch (random_() % 8) {
      case 0:
        node = Json(some_node());
        break;
      case 1:
        wrap(node);
        break;
      case 2:
        erase_from(node);
        break;
      case 3:
        if (node.is_array() && !node.empty()) node.push_back(Json(node[random_() % node.size()]));
        break;
      default:
        change_leaf(some_leaf());
    }
  }

 private:
  void list_nodes(Json& node) {
    nodes_.push_back(&node);
    if (!node.is_structured()) leaves_.push_back(&node);
    for (Json& part : node) {
      if (node.is_structured()) list_nodes(part);
    }
  }

  Json& some_node() { return *nodes_[random_() % nodes_.size()]; }
  Json& some_leaf() { return leaves_.empty() ? root_ : *leaves_[random_() % leaves_.size()]; }

  // A trigger into a trigger of triggers.
  void wrap(Json& node) {
    if (!node.is_object() || !node.contains("type")) return;
    const Json other = some_trigger();
    switch (random_() % 4) {
      case 0:
        node = Json{{"type", "and"}, {"triggers", {node, other}}};
        break;
      case 1:
        node = Json{{"type", "or"}, {"triggers", {node, other}}};
        break;
      case 2:
        node = Json{{"type", "not"}, {"trigger", node}, {"triggers", {other}}};
        break;
      default:
        node = Json{{"type", "not"}, {"trigger", node}, {"calendars", {{{"weekdays", {"mon", "sun"}}}}}};
    }
  }

  Json some_trigger() {
    for (int attempt = 0; attempt < 4; ++attempt) {
      if (const Json& node = some_node(); node.is_object() && node.contains("type")) return node;
    }
    return {{"type", "interval"}, {"interval_us", 7'000'000}, {"start", "2026-01-01T00:00:00Z"}};
  }

  void erase_from(Json& node) {
    if (!node.is_structured() || node.empty()) return;
    auto victim = node.begin();
    std::advance(victim, static_cast<std::ptrdiff_t>(random_() % node.size()));
    node.erase(victim);
  }

  void change_leaf(Json& leaf) {
    if (leaf.is_string() && random_() % 8 != 0) {
      leaf = mutate_text_(leaf.get<std::string>());
    } else if (leaf.is_number_integer() && random_() % 2 == 0) {
      leaf = static_cast<int64_t>(leaf.get<uint64_t>() + random_() % 7 - 3);
    } else {
      leaf = kNumbers[random_() % kNumbers.size()];
    }
  }

  Json& root_;
  std::minstd_rand random_;
  const MutateText& mutate_text_;
  std::vector<Json*> nodes_;
  std::vector<Json*> leaves_;
};

}  // namespace

std::string mutated_json(std::string_view text, uint32_t seed, const MutateText& mutate_text) {
  Json root = Json::parse(text, nullptr, false);
  if (root.is_discarded()) return {};
  JsonMutator(root, seed, mutate_text).mutate();
  return to_text(root);
}

}  // namespace duetime::fuzz
