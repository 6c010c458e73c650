// What a rule about wall times does where a zone's clock changes:
//
//                         wall time in a gap                          wall time that comes twice
//   kApscheduler          the instant the offset before it gives      both
//   kVixie, fixed time    first valid instant after the gap, once     first
//   kVixie, `*` hour or   follows the clock                           both
//           minute
//   kSkip                 not at all                                  first
//   kRfc5545              the instant the offset before it gives      first
//
// In New York on 2026-03-08, 02:30 every day fires at 03:30 EDT under kApscheduler and kRfc5545, at 03:00 EDT
// under kVixie, and not on that day under kSkip. Two wall times that come to the same instant fire once.
#pragma once

#include <string>

#include "core/triggers/trigger_document.h"

namespace duetime {

enum class DstPolicy { kApscheduler, kVixie, kSkip, kRfc5545 };

// As documents write it: "apscheduler", "vixie", "skip", "rfc5545".
const char* name_of(DstPolicy dst);

// Reads the member "dst". Throws kInvalidArgument for a name that is none of these.
DstPolicy read_dst(const TriggerDocument& read, DstPolicy if_absent);

}  // namespace duetime
