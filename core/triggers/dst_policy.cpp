#include "core/triggers/dst_policy.h"

#include <algorithm>
#include <array>

namespace duetime {
namespace {

constexpr std::array<const char*, 4> kNames = {"apscheduler", "vixie", "skip", "rfc5545"};

}  // namespace

const char* name_of(DstPolicy dst) { return kNames[static_cast<std::size_t>(dst)]; }

DstPolicy read_dst(const TriggerDocument& read, DstPolicy if_absent) {
  const auto name = read.text("dst");
  if (!name) return if_absent;
  const auto found = std::find(kNames.begin(), kNames.end(), *name);
  if (found == kNames.end()) {
    read.refuse("dst", "got \"" + *name + "\", expected \"apscheduler\", \"vixie\", \"skip\" or \"rfc5545\"");
  }
  return static_cast<DstPolicy>(found - kNames.begin());
}

}  // namespace duetime
