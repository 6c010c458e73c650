#include "tests/chaos/crashing_store.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "tests/support/forwarding_store.h"

namespace duetime {
namespace {

constexpr std::array kFunctions = {"add", "claim_due", "reclaim_expired", "complete", "renew", "release"};

using When = CrashPoint::When;

When parse_when(std::string_view text, std::string_view whole) {
  if (text == "before") return When::kBefore;
  if (text == "after") return When::kAfter;
  if (text == "taken") return When::kTaken;
  throw Error(ErrorCode::kInvalidArgument,
              "crash point " + in_quotes(whole) + ": expected before, after or taken");
}

int parse_call(std::string_view text, std::string_view whole) {
  int call = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), call);
  if (error != std::errc() || end != text.data() + text.size() || call < 1) {
    throw Error(ErrorCode::kInvalidArgument,
                "crash point " + in_quotes(whole) + ": expected the number of a call, 1 or more");
  }
  return call;
}

class CrashingStore final : public ForwardingStore {
 public:
  CrashingStore(JobStorePtr store, CrashPoint point)
      : ForwardingStore(std::move(store)), point_(std::move(point)) {}

  void add(std::span<const NewJob> jobs, OnConflict on_conflict) override {
    reach("add", When::kBefore);
    store_->add(jobs, on_conflict);
    reach("add", When::kAfter);
  }

  ClaimResult claim_due(const ClaimRequest& request, const RunPlanner& planner) override {
    return claiming("claim_due", [&] { return store_->claim_due(request, planner); });
  }

  ClaimResult reclaim_expired(const ClaimRequest& request) override {
    return claiming("reclaim_expired", [&] { return store_->reclaim_expired(request); });
  }

  std::vector<CompletionResult> complete(std::span<const RunEnd> ends, const CallTime& time) override {
    reach("complete", When::kBefore);
    std::vector<CompletionResult> results = store_->complete(ends, time);
    reach("complete", When::kAfter);
    return results;
  }

  std::vector<bool> renew(std::span<const ClaimPtr> claims, const CallTime& time, Duration lease) override {
    reach("renew", When::kBefore);
    std::vector<bool> renewed = store_->renew(claims, time, lease);
    reach("renew", When::kAfter);
    return renewed;
  }

  void release(std::span<const ClaimPtr> claims, const CallTime& time) override {
    reach("release", When::kBefore);
    store_->release(claims, time);
    reach("release", When::kAfter);
  }

 private:
  template <typename Call>
  ClaimResult claiming(std::string_view function, Call call) {
    reach(function, When::kBefore);
    ClaimResult result = call();
    reach(function, When::kAfter);
    if (!result.claims.empty()) reach(function, When::kTaken);
    return result;
  }

  void reach(std::string_view function, When when) {
    if (function == point_.function && when == point_.when && ++calls_ == point_.call) raise(SIGKILL);
  }

  const CrashPoint point_;
  std::atomic<int> calls_{0};
};

}  // namespace

CrashPoint parse_crash_point(std::string_view text) {
  const std::size_t first = std::min(text.find(':'), text.size());
  const std::size_t second = std::min(text.find(':', first + 1), text.size());
  const std::string function(text.substr(0, first));
  if (second == text.size() || std::ranges::find(kFunctions, function) == kFunctions.end()) {
    throw Error(ErrorCode::kInvalidArgument, "crash point " + in_quotes(text) +
                                                 ": expected FUNCTION:WHEN:CALL, a function of a job store");
  }
  return {function, parse_when(text.substr(first + 1, second - first - 1), text),
          parse_call(text.substr(second + 1), text)};
}

JobStorePtr make_crashing_store(JobStorePtr store, CrashPoint point) {
  return std::make_shared<CrashingStore>(std::move(store), std::move(point));
}

}  // namespace duetime
