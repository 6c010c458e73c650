#include "core/triggers/interval_intersection.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/triggers/earlier.h"

namespace duetime {
namespace {

__extension__ using Wide = __int128;

// x with a * x = gcd(a, b) modulo b, by Euclid's extended algorithm.
int64_t bezout(int64_t a, int64_t b) {
  int64_t x = 1;
  for (int64_t next = 0; b != 0;) {
    const int64_t quotient = a / b;
    a -= quotient * b;
    std::swap(a, b);
    x -= quotient * next;
    std::swap(x, next);
  }
  return x;
}

}  // namespace

// The Chinese remainder theorem: a.start + k * a.interval must be b.start modulo b.interval.
std::optional<IntervalRule> intersection(const IntervalRule& a, const IntervalRule& b) {
  const int64_t m = a.interval.count();
  const int64_t n = b.interval.count();
  const int64_t apart = (*b.start - *a.start).count();
  const int64_t gcd = std::gcd(m, n);
  if (apart % gcd != 0) return std::nullopt;
  const int64_t cycle = n / gcd;  // after so many steps of `a` the two stand to each other as before
  auto k = static_cast<int64_t>(Wide{apart / gcd} % cycle * bezout(m, n) % cycle);
  if (k < 0) k += cycle;
  // Neither fires before its start.
  const Wide first = Wide{to_micros(*a.start)} + Wide{k} * m;
  const Wide step = Wide{m} * cycle;
  const Wide begin = std::max(to_micros(*a.start), to_micros(*b.start));
  const Wide start = first >= begin ? first : first + (begin - first + step - 1) / step * step;
  if (start > to_micros(kLatestInstant)) return std::nullopt;
  const Wide longest = Wide{to_micros(kLatestInstant)} - to_micros(kEarliestInstant);
  return IntervalRule{Duration{static_cast<int64_t>(std::min(step, longest))},
                      from_micros(static_cast<int64_t>(start)), earlier(a.end, b.end), Duration{0}, a.zone};
}

}  // namespace duetime
