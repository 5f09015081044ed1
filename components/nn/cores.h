#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>

namespace assay::nn {

// While one lives, operations of this thread share their work among that many cores. Work is cut so
// that every number is computed as it would be on one: the bits are the same.
class UseCores {
 public:
  explicit UseCores(int cores);
  ~UseCores();
  UseCores(const UseCores&) = delete;
  UseCores& operator=(const UseCores&) = delete;

  struct Arena;

 private:
  std::unique_ptr<Arena> arena_;
  Arena* before_;
};

// Cores that operations of this thread may use.
int cores();
// Calls body(part) for part = 0 … parts - 1, on several cores where there are.
void in_parallel(int parts, const std::function<void(int)>& body);

// What in_parts cuts off last.
inline std::int64_t smallest_part(std::int64_t count, std::int64_t step, int parts) {
  const std::int64_t steps = (count + step - 1) / step, each = (steps + parts - 1) / parts * step;
  return count - (count - 1) / each * each;
}

// Cuts 0 … count - 1 into a part for each core, at multiples of `step`, and calls body(part, first,
// last + 1). Below `least` the whole is one part.
template <class Body>
void in_parts(std::int64_t count, std::int64_t step, std::int64_t least, const Body& body) {
  const int parts = count < least ? 1 : cores();
  if (parts == 1) {
    body(0, std::int64_t{0}, count);
    return;
  }
  const std::int64_t steps = (count + step - 1) / step, each = (steps + parts - 1) / parts * step;
  in_parallel(parts, [&](int part) {
    const std::int64_t first = std::min(count, part * each), last = std::min(count, first + each);
    if (first < last) body(part, first, last);
  });
}

// Fewer numbers than these are not worth sharing.
inline constexpr std::int64_t kSharedNumbers = 1 << 16;

// In parts: `count` numbers, each for itself.
template <class Body>
void numbers_in_parts(std::int64_t count, const Body& body) {
  in_parts(count, 64, kSharedNumbers, body);
}
// In parts: n rows of d numbers.
template <class Body>
void rows_in_parts(std::int64_t n, std::int64_t d, const Body& body) {
  in_parts(n, 1, kSharedNumbers / std::max<std::int64_t>(1, d), body);
}
// In parts: the columns of n rows of d numbers, for sums over rows, which keep their order.
template <class Body>
void columns_in_parts(std::int64_t n, std::int64_t d, const Body& body) {
  in_parts(d, 64, kSharedNumbers / std::max<std::int64_t>(1, n), body);
}

}  // namespace assay::nn
