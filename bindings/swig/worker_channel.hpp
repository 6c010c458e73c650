// The two descriptors of a worker process (docs/worker_protocol.md), for languages that cannot use a
// descriptor by its number. What is in the frames is theirs to say. For one thread.
#ifndef DUETIME_SWIG_WORKER_CHANNEL_HPP
#define DUETIME_SWIG_WORKER_CHANNEL_HPP

#include <duetime/common.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace duetime::swig {

class WorkerChannel {
 public:
  // Takes DUETIME_WORKER out of the environment. Throws kInvalidArgument where that is not what a pool sets:
  // this process is no worker.
  WorkerChannel() {
    const char* descriptors = std::getenv("DUETIME_WORKER");
    if (descriptors == nullptr || std::sscanf(descriptors, "%d,%d", &channel_, &turns_) != 2) {
      throw Error(ErrorCode::kInvalidArgument, "DUETIME_WORKER: got " + quoted(descriptors) +
                                                   ", expected two descriptors: process pools start workers");
    }
    ::unsetenv("DUETIME_WORKER");
    for (const int descriptor : {channel_, turns_}) ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  }

  // The next frame, from its type on; empty when the pool is gone.
  std::string read() {
    unsigned char length[4];
    if (!read_all(channel_, length, sizeof length)) return "";
    std::string frame(length[0] | length[1] << 8 | length[2] << 16 | static_cast<uint32_t>(length[3]) << 24,
                      '\0');
    return read_all(channel_, frame.data(), frame.size()) ? frame : "";
  }

  // A frame from its type on. False when the pool is gone.
  bool write(const std::string& frame) {
    const auto size = static_cast<uint32_t>(frame.size());
    std::string bytes;
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(size >> shift));
    bytes += frame;
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t some = ::write(channel_, bytes.data() + sent, bytes.size() - sent);
      if (some < 0 && errno != EINTR) return false;
      if (some > 0) sent += static_cast<std::size_t>(some);
    }
    return true;
  }

  // The number of the next run; 0 if the worker is to end, or the pool is gone.
  int64_t take_turn() {
    int64_t turn = 0;
    return read_all(turns_, &turn, sizeof turn) ? turn : 0;
  }

 private:
  static std::string quoted(const char* text) { return text ? '"' + std::string(text) + '"' : "nothing"; }

  static bool read_all(int descriptor, void* to, std::size_t size) {
    std::size_t got = 0;
    while (got < size) {
      const ssize_t some = ::read(descriptor, static_cast<char*>(to) + got, size - got);
      if (some == 0 || (some < 0 && errno != EINTR)) return false;
      if (some > 0) got += static_cast<std::size_t>(some);
    }
    return true;
  }

  int channel_ = -1;
  int turns_ = -1;
};

}  // namespace duetime::swig

#endif
