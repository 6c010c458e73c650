// Texts that the library allocated.
#pragma once

#include <duetime/common.h>

#include <memory>
#include <string>

namespace duetime::python {

// Copies the text and frees it with duetime_free().
inline std::string take_text(char* text) {
  const std::unique_ptr<char, decltype(&duetime_free)> owned(text, &duetime_free);
  return owned ? std::string(owned.get()) : std::string();
}

}  // namespace duetime::python
