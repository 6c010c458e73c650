// Small files of the tz database, made by hand.
#pragma once

#include <string>
#include <string_view>

namespace duetime::fuzz {

// Version 2, without transitions: one offset, and what the footer says.
inline std::string tzif_with_footer(std::string_view footer, int offset = 0) {
  const auto big_endian = [](int value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
    return bytes;
  };
  std::string header = "TZif2" + std::string(15, '\0');
  for (const int count : {0, 0, 0, 0, 1, 1}) header += big_endian(count);
  const std::string block = header + big_endian(offset) + std::string(3, '\0');
  return block + block + "\n" + std::string(footer) + "\n";
}

}  // namespace duetime::fuzz
