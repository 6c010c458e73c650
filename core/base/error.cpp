#include "core/base/error.h"

#include <exception>

namespace duetime {

std::string current_error_text() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "something was thrown that is no exception";
  }
}

}  // namespace duetime
