// Where exceptions end: every entry point of the C ABI is one call of guard() or answer().
#pragma once

#include <duetime/common.h>

#include <string_view>
#include <utility>

namespace duetime::capi {

// What duetime_last_error_message() answers in this thread; cut at a character when it is very long.
void set_last_error(std::string_view message) noexcept;

// Turns the exception being handled into its status and message.
duetime_status translate_exception() noexcept;

template <class Body>
duetime_status guard(Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return DUETIME_OK;
  } catch (...) {
    return translate_exception();
  }
}

// For getters, which have no status: the body's answer, or `otherwise` if it failed.
template <class Answer, class Body>
Answer answer(Answer otherwise, Body&& body) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (...) {
    translate_exception();
    return otherwise;
  }
}

}  // namespace duetime::capi
