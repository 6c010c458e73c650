#include "core/triggers/combining.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/triggers/earlier.h"
#include "core/triggers/interval_intersection.h"
#include "core/triggers/phrases.h"
#include "core/triggers/registry.h"
#include "core/triggers/search_limit.h"
#include "core/triggers/trigger_document.h"

namespace duetime {
namespace {

using Triggers = std::vector<TriggerPtr>;

std::optional<Instant> after(Instant previous) { return checked_add(previous, Duration{1}); }

class CombiningTrigger : public Trigger {
 public:
  explicit CombiningTrigger(const CombiningRule& rule) : rule_(rule) {}

  Duration jitter(Instant fire) const override {
    Duration most{0};
    for (const TriggerPtr& part : parts()) {
      if (const Duration own = part->jitter(fire); own > most && part->first_from(fire, fire) == fire)
        most = own;
    }
    return rule_.jitter + most;
  }

  const TimeZone& zone() const override { return parts().front()->zone(); }

  bool calls_out() const override {
    return std::any_of(parts().begin(), parts().end(), [](const auto& part) { return part->calls_out(); });
  }

  Json document() const override {
    Json documents = Json::array();
    for (const TriggerPtr& part : parts()) documents.push_back(part->document());
    Json document{{"type", type()}, {"triggers", std::move(documents)}};
    put_jitter(document, rule_.jitter);
    return document;
  }

 protected:
  const Triggers& parts() const { return rule_.triggers; }

  std::string sentence(const char* begin, const char* conjunction) const {
    std::vector<std::string> sentences;
    for (const TriggerPtr& part : parts()) sentences.push_back(part->explain());
    std::string text = begin;
    for (std::size_t i = 0; i < sentences.size(); ++i) text += (i == 0 ? "" : conjunction) + sentences[i];
    return text + jitter_phrase(rule_.jitter);
  }

 private:
  CombiningRule rule_;
};

class OrTrigger final : public CombiningTrigger {
 public:
  using CombiningTrigger::CombiningTrigger;

  std::optional<Instant> next_fire_time(std::optional<Instant> previous, Instant now) const override {
    if (previous) {
      const auto from = after(*previous);
      return from ? first_from(*from, previous) : std::nullopt;
    }
    std::optional<Instant> first;
    for (const TriggerPtr& part : parts()) first = earlier(first, part->next_fire_time(std::nullopt, now));
    return first;
  }

  std::optional<Instant> first_from(Instant from, std::optional<Instant> anchor) const override {
    std::optional<Instant> first;
    for (const TriggerPtr& part : parts()) first = earlier(first, part->first_from(from, anchor));
    return first;
  }

  std::string_view type() const override { return "or"; }

  std::string explain() const override { return sentence("", "; or "); }
};

// Interval rules with a start, merged into one; the other parts as they are. Empty if the intervals never
// meet.
Triggers merge_intervals(const Triggers& parts) {
  Triggers merged;
  std::optional<IntervalRule> grid;
  for (const TriggerPtr& part : parts) {
    const auto rule = interval_rule_of(*part);
    if (!rule || !rule->start) {
      merged.push_back(part);
    } else {
      grid = grid ? intersection(*grid, *rule) : rule;
      if (!grid) return {};
    }
  }
  if (grid) merged.push_back(make_interval_trigger(*grid));
  return merged;
}

class AndTrigger final : public CombiningTrigger {
 public:
  explicit AndTrigger(const CombiningRule& rule)
      : CombiningTrigger(rule), searched_(merge_intervals(parts())) {}

  std::optional<Instant> next_fire_time(std::optional<Instant> previous, Instant now) const override {
    const auto from = previous ? after(*previous) : now;
    return from ? first_from(*from, previous) : std::nullopt;
  }

  // Each part in turn moves the candidate to its own first fire from there on, until none does.
  std::optional<Instant> first_from(Instant from, std::optional<Instant> anchor) const override {
    if (searched_.empty()) return std::nullopt;
    SearchLimit limit(type(), from);
    std::size_t agreed = 0;
    for (std::size_t i = 0; agreed < searched_.size(); i = (i + 1) % searched_.size()) {
      const auto fire = searched_[i]->first_from(from, anchor);
      if (!fire) return std::nullopt;
      agreed = *fire == from ? agreed + 1 : 1;
      from = std::max(from, *fire);
      limit.step(from);
    }
    return from;
  }

  std::string_view type() const override { return "and"; }

  std::string explain() const override { return sentence("when these coincide: ", "; and "); }

 private:
  Triggers searched_;
};

CombiningRule read_rule(const Json& document) {
  const TriggerDocument read(document, {"triggers", "jitter_us"});
  CombiningRule rule;
  const Json* triggers = read.array("triggers");
  if (triggers == nullptr) read.refuse("triggers", "missing, expected an array of triggers");
  for (const Json& part : *triggers) rule.triggers.push_back(make_trigger(part));
  rule.jitter = read.duration("jitter_us").value_or(Duration{0});
  return rule;
}

template <typename CombinedTrigger>
TriggerPtr make_combined(const CombiningRule& rule, const char* type) {
  check_jitter(rule.jitter);
  const auto is_null = [](const TriggerPtr& part) { return part == nullptr; };
  if (rule.triggers.empty() || std::any_of(rule.triggers.begin(), rule.triggers.end(), is_null)) {
    throw Error(ErrorCode::kInvalidArgument, std::string(type) + " trigger: expected at least one trigger");
  }
  return std::make_shared<CombinedTrigger>(rule);
}

}  // namespace

TriggerPtr make_and_trigger(const CombiningRule& rule) { return make_combined<AndTrigger>(rule, "and"); }
TriggerPtr make_and_trigger(const Json& document) { return make_and_trigger(read_rule(document)); }
TriggerPtr make_or_trigger(const CombiningRule& rule) { return make_combined<OrTrigger>(rule, "or"); }
TriggerPtr make_or_trigger(const Json& document) { return make_or_trigger(read_rule(document)); }

}  // namespace duetime
