// A connected stream socket, TCP or Unix.
#pragma once

#include "core/jobstores/redis_transport.h"
#include "core/time/file_descriptor.h"

namespace duetime {

class RedisSocket final : public RedisTransport {
 public:
  // Throws kStoreUnavailable. Looking up the host's name is the system's business and may take longer.
  RedisSocket(const RedisStoreOptions& options, RedisDeadline deadline);

  int fd() const override { return fd_.get(); }
  void write(std::string_view bytes, RedisDeadline deadline) override;
  std::size_t read(char* buffer, std::size_t size, RedisDeadline deadline) override;
  bool readable() override;

 private:
  FileDescriptor fd_;
};

}  // namespace duetime
