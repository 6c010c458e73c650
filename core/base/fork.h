// Notices fork(): threads, locks and connections do not survive it, so what holds them compares generations.
#pragma once

#include <cstdint>

namespace duetime {

// Another number in each forked child than in its parent. Any thread; costs one atomic load.
uint64_t fork_generation();

}  // namespace duetime
