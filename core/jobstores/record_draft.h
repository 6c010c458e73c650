// A write in the making: jobs as they were read, changed one by one, and at the end the operations that carry
// all of it out where nobody else has changed anything meanwhile.
//
// Whoever ends a claim also checks the job's version and, where the job is spent, the claims that stay: else
// two nodes that end the last two claims at once would each leave the job to the other.
#pragma once

#include "core/jobstores/record_rows.h"

namespace duetime {

class RecordDraft {
 public:
  // The claim holds one run less. Requires: it is one of the job's.
  void end(RecordedJob& job, RecordedClaim& claim, const RunRecord& ended);

  void file(const RunRecord& ended);
  void put_note(const std::string& key, int64_t version, const std::string& text,
                std::optional<Instant> expires_at);

  // After all changes to the job: whether it leaves with them.
  bool settle(RecordedJob& job);

  Json take_operations() { return std::move(operations_); }
  std::size_t size() const { return operations_.size(); }

 private:
  void settle_claims(RecordedJob& job, bool finishing);
  void add(const char* op, const char* kind, const std::string& key, int64_t version);
  void put(const char* kind, int64_t version, Json record);

  Json operations_ = Json::array();
};

// For operations that no draft is needed for.
Json put_operation(const char* kind, int64_t version, Json record);
Json remove_operation(const char* kind, const std::string& key, int64_t version);

}  // namespace duetime
