// Where a job store that is written outside the engine keeps its records. record_store.h makes a JobStore of
// it: what claiming, leases and takeovers mean is decided there, once; a storage only finds records and
// writes them, all or none, where nobody else has changed them.
//
// docs/job_store_plugin.md specifies the records, the questions and the operations, member by member.
//
// Threads: all calls may be made from any thread at the same time, between open() and close(). No lock of the
// engine is held during a call.
//
// Errors: kStoreUnavailable (nothing happened), kTimeout (write(): outcome unknown), kStoreFull,
// kStoreCorrupt, kNewerVersion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/json.h"
#include "core/time/instant.h"

namespace duetime {

class RecordStorage {
 public:
  virtual ~RecordStorage() = default;

  // For logs; never a password.
  virtual std::string description() const = 0;

  // The most operations that one write() takes.
  virtual std::size_t max_operations() const { return SIZE_MAX; }

  virtual void open() = 0;
  virtual void close() noexcept = 0;

  // The clock that all nodes share; nullopt if there is none.
  virtual std::optional<Instant> now() = 0;

  // Takes `count` numbers, at least one, from the counter, which only grows; answers the first.
  virtual int64_t draw(std::size_t count) = 0;

  // Answers a question as of now: what was written before the call is in the answer.
  virtual Json read(const Json& question) = 0;

  // Does all operations in one atomic and durable step, or, where one of their guards does not hold, none of
  // them: false.
  virtual bool write(const Json& operations) = 0;

  // The process was forked: lets go of connections without a word to the other side.
  virtual void abandon_after_fork() noexcept {}
};

using RecordStoragePtr = std::shared_ptr<RecordStorage>;

}  // namespace duetime
