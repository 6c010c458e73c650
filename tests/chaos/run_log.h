// The file in which nodes write down what happens: a line is one write(2) to a file opened with O_APPEND, so
// that it is there wholly or not at all, whenever its process is killed.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/time/clock.h"

namespace duetime {

class RunLog {
 public:
  explicit RunLog(const std::string& path)
      : fd_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    if (fd_ < 0) throw Error(ErrorCode::kInvalidArgument, "cannot write to " + in_quotes(path));
  }

  void write(const std::string& line) const {
    const std::string text = line + "\n";
    if (::write(fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
  }

  // Ends the line with the boot time, the same clock for all processes of the host.
  void write_timed(const std::string& line) const {
    write(line + " " + std::to_string(system_clock()->boot_time().count()));
  }

 private:
  const int fd_;
};

}  // namespace duetime
