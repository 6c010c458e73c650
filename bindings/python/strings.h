// Texts on their way to the library and back.
#pragma once

#include <duetime/common.h>
#include <pybind11/pybind11.h>

#include <cstring>
#include <memory>
#include <string>

namespace duetime::python {

// A text that Python owns, NULL for None, for as long as the call that it was given to. ValueError if it has
// a NUL character, at which C would cut it.
class Text {
 public:
  explicit Text(const char* characters = nullptr) : characters_(characters) {}

  operator const char*() const { return characters_; }

  static Text of(pybind11::handle object) {
    if (object.is_none()) return Text();
    Py_ssize_t size = 0;
    const char* characters = PyUnicode_AsUTF8AndSize(object.ptr(), &size);
    if (characters == nullptr) throw pybind11::error_already_set();
    if (std::strlen(characters) != static_cast<std::size_t>(size)) {
      throw pybind11::value_error("a text has a NUL character: " + std::string(pybind11::repr(object)));
    }
    return Text(characters);
  }

 private:
  const char* characters_;
};

// Copies the text and frees it with duetime_free().
inline std::string take_text(char* text) {
  const std::unique_ptr<char, decltype(&duetime_free)> owned(text, &duetime_free);
  return owned ? std::string(owned.get()) : std::string();
}

}  // namespace duetime::python

template <>
struct pybind11::detail::type_caster<duetime::python::Text> {
  PYBIND11_TYPE_CASTER(duetime::python::Text, const_name("str"));

  bool load(handle source, bool) {
    if (!source || (!source.is_none() && !PyUnicode_Check(source.ptr()))) return false;
    value = duetime::python::Text::of(source);
    return true;
  }
};
