// Structs that cross the ABI start with their size, because caller and library may be of different versions.
//
//   smaller than ours   an older caller: the members it does not know keep their defaults
//   larger than ours    a newer caller: accepted while the members we do not know are all zero
//
// Every struct of the ABI is made of 8-byte cells, so that no size cuts a member in two.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "core/base/error.h"

namespace duetime::capi {

inline constexpr uint32_t kStructCell = 8;
inline constexpr uint32_t kMaxStructBytes = 4096;

// Throws kInvalidArgument for a size that no version ever had: a struct that was not initialised.
inline void check_struct_size(uint32_t size, std::size_t known, const char* name) {
  if (size >= kStructCell && size <= kMaxStructBytes && size % kStructCell == 0) return;
  throw Error(ErrorCode::kInvalidArgument, std::string(name) + ".struct_size is " + std::to_string(size) +
                                               "; expected sizeof(" + name + "), " + std::to_string(known));
}

// The members that this version knows. What has to be released is adopted from the answer before
// refuse_unknown_members(), so that it is released whatever else the struct holds.
template <class Struct>
Struct read_known_members(const Struct& given, const Struct& defaults, const char* name) {
  static_assert(sizeof(Struct) % kStructCell == 0 && sizeof(Struct) <= kMaxStructBytes);
  check_struct_size(given.struct_size, sizeof(Struct), name);
  Struct read = defaults;
  std::memcpy(&read, &given, std::min<std::size_t>(given.struct_size, sizeof(Struct)));
  return read;
}

// Throws kUnsupported for a member that this version does not know. Requires: a size that was checked.
template <class Struct>
void refuse_unknown_members(const Struct& given, const char* name) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(&given);
  const unsigned char* const known_end = bytes + sizeof(Struct);
  const unsigned char* const end = bytes + std::max<std::size_t>(given.struct_size, sizeof(Struct));
  if (std::all_of(known_end, end, [](unsigned char byte) { return byte == 0; })) return;
  throw Error(ErrorCode::kUnsupported, std::string(name) + " has members set that this version (" +
                                           std::to_string(sizeof(Struct)) + " bytes) does not know");
}

template <class Struct>
Struct read_struct(const Struct& given, const Struct& defaults, const char* name) {
  const Struct read = read_known_members(given, defaults, name);
  refuse_unknown_members(given, name);
  return read;
}

}  // namespace duetime::capi
