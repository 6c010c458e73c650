// Where lists of JSON values lie. The destructor of a Json makes such a list of its children, so that a deep
// document does not overflow the stack; where it found no memory, the process would end. It then gets it from
// a reserve, enough for any document of a job.
//
// To be included before nlohmann/json.hpp, which json.h does: include that.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <nlohmann/json_fwd.hpp>
#include <type_traits>

namespace duetime {

// Throws std::bad_alloc where the reserve is used up, too.
void* allocate_json(std::size_t bytes);
void free_json(void* memory) noexcept;

}  // namespace duetime

// Allowed for types that are not the standard library's own ([namespace.std]). Its functions are templates
// because the size of a Json is not known yet.
template <>
class std::allocator<nlohmann::json> {
 public:
  using value_type = nlohmann::json;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using propagate_on_container_move_assignment = std::true_type;
  using is_always_equal = std::true_type;

  constexpr allocator() noexcept = default;
  template <typename Other>
  constexpr allocator(const allocator<Other>&) noexcept {}

  template <typename Value = value_type>
  Value* allocate(std::size_t count) {
    if (count > static_cast<std::size_t>(PTRDIFF_MAX) / sizeof(Value)) throw std::bad_array_new_length();
    return static_cast<Value*>(duetime::allocate_json(count * sizeof(Value)));
  }
  void deallocate(value_type* memory, std::size_t) noexcept { duetime::free_json(memory); }

  constexpr bool operator==(const allocator&) const noexcept { return true; }
};
