// A record storage in memory, as one node sees it, whose calls a test may disturb.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/jobstores/record_storage.h"
#include "tests/support/reference_records.h"

namespace duetime {

class ReferenceStorage final : public RecordStorage {
 public:
  explicit ReferenceStorage(std::shared_ptr<ReferenceRecords> records, std::size_t max_operations = SIZE_MAX)
      : records_(std::move(records)), max_operations_(max_operations) {}

  std::string description() const override { return "reference"; }
  std::size_t max_operations() const override { return max_operations_; }
  void open() override {}
  void close() noexcept override {}
  std::optional<Instant> now() override { return clock ? clock() : std::nullopt; }
  int64_t draw(std::size_t count) override { return records_->draw(count); }
  Json read(const Json& question) override;
  bool write(const Json& operations) override;

  std::function<std::optional<Instant>()> clock;
  std::function<void()> before_read, before_write, after_write;  // may throw
  std::size_t most_operations = 0;                               // that a write had
  std::size_t calls = 0;

 private:
  const std::shared_ptr<ReferenceRecords> records_;
  const std::size_t max_operations_;
};

}  // namespace duetime
