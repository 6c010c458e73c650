// A record storage at the other end of a socket: one written in Python, say. Each call is a line of JSON, and
// so is its answer; tests/python/test_storage_contract.py has the other end.
//
// Threads: any; one call at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

#include "core/jobstores/record_storage.h"

namespace duetime {

class DistantStorage final : public RecordStorage {
 public:
  // address: of a Unix socket. name: what two nodes of one store have in common.
  DistantStorage(const std::string& address, const std::string& name);
  ~DistantStorage() override;
  DistantStorage(const DistantStorage&) = delete;
  DistantStorage& operator=(const DistantStorage&) = delete;

  std::string description() const override { return "distant"; }
  void open() override { call({{"call", "open"}}); }
  void close() noexcept override { call({{"call", "close"}}); }
  std::size_t max_operations() const override { return max_operations_; }
  std::optional<Instant> now() override { return std::nullopt; }  // the tests say what time it is
  int64_t draw(std::size_t count) override { return call({{"call", "draw"}, {"with", count}}); }
  Json read(const Json& question) override { return call({{"call", "read"}, {"with", question}}); }
  bool write(const Json& operations) override { return call({{"call", "write"}, {"with", operations}}); }

  // In the place of a job's document; in hexadecimal digits.
  void set_document(const std::string& id, const std::string& digits);
  std::string document(const std::string& id);

 private:
  Json call(const Json& request);
  std::string line();

  std::mutex mutex_;
  int socket_ = -1;
  std::string received_;
  std::size_t max_operations_ = SIZE_MAX;
};

}  // namespace duetime
