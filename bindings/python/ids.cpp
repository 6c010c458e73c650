#include "bindings/python/ids.h"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace duetime::python {
namespace {

constexpr std::size_t kIdBytes = 16;

// Random bytes in stock, because a system call for each id costs more than making the id. Guarded by the
// interpreter's lock.
class RandomStock {
 public:
  const uint8_t* take() {
    if (used_ + kIdBytes > bytes_.size() || process_ != getpid()) refill();
    used_ += kIdBytes;
    return bytes_.data() + used_ - kIdBytes;
  }

 private:
  void refill() {
    if (getrandom(bytes_.data(), bytes_.size(), 0) != static_cast<ssize_t>(bytes_.size())) {
      PyErr_SetFromErrno(PyExc_OSError);
      throw py::error_already_set();
    }
    used_ = 0;
    process_ = getpid();  // a forked child must not give out its parent's ids
  }

  std::array<uint8_t, 256> bytes_{};  // getrandom() gives up to 256 at once without being interrupted
  std::size_t used_ = bytes_.size();
  pid_t process_ = 0;
};

}  // namespace

py::str new_id() {
  static RandomStock stock;
  uint8_t bytes[kIdBytes];
  std::memcpy(bytes, stock.take(), kIdBytes);
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0F) | 0x40);  // version 4
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3F) | 0x80);  // variant of RFC 4122
  char text[2 * kIdBytes];
  for (std::size_t i = 0; i < kIdBytes; ++i) {
    text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
    text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 0x0F];
  }
  return py::str(text, sizeof(text));
}

void bind_ids(py::module_& module) {
  module.def("new_id", &new_id, "A random UUID (version 4) as 32 hexadecimal digits, like uuid.uuid4().hex.");
}

}  // namespace duetime::python
