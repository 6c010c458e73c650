#include "core/jobstores/record_draft.h"

#include <algorithm>
#include <utility>

namespace duetime {
namespace {

Json operation(const char* op, const char* kind, const std::string& key, int64_t version) {
  return {{"op", op}, {"kind", kind}, {"key", key}, {"if", version}};
}

}  // namespace

Json put_operation(const char* kind, int64_t version, Json record) {
  Json put = operation("put", kind, record.at("key").get<std::string>(), version);
  put["record"] = std::move(record);
  return put;
}

Json remove_operation(const char* kind, const std::string& key, int64_t version) {
  return operation("remove", kind, key, version);
}

void RecordDraft::end(RecordedJob& job, RecordedClaim& claim, const RunRecord& ended) {
  std::erase_if(claim.runs, [&](const ClaimedRun& run) { return run.id == ended.id; });
  claim.changed = true;
  job.touched = true;
  file(ended);
}

void RecordDraft::file(const RunRecord& ended) { put("run", 0, run_row(ended)); }

void RecordDraft::put_note(const std::string& key, int64_t version, const std::string& text,
                           std::optional<Instant> expires_at) {
  put("note", version,
      {{"key", key},
       {"version", version + 1},
       {"text", text},
       {"expires_at", expires_at ? Json(to_micros(*expires_at)) : Json()}});
}

bool RecordDraft::settle(RecordedJob& job) {
  const bool finishing = job.exists() && job.record.position.status == JobStatus::kFinishing;
  const bool leaves = finishing && (job.moved || job.touched) && job.running_instances() == 0;
  settle_claims(job, finishing);
  if (!job.exists()) return false;
  if (leaves) {
    add("remove", "job", job.id, job.version());
  } else if (job.moved) {
    put("job", job.version(), moved_row(*job.row, job.record.position));
  } else if (job.touched) {
    add("check", "job", job.id, job.version());
  }
  return leaves;
}

void RecordDraft::settle_claims(RecordedJob& job, bool finishing) {
  const bool guarded = finishing && (job.moved || job.touched);
  for (const RecordedClaim& claim : job.claims) {
    if (claim.changed && claim.runs.empty()) {
      add("remove", "claim", claim.key, claim.version);
    } else if (claim.changed) {
      put("claim", claim.version, claim_row(claim));
    } else if (guarded) {
      add("check", "claim", claim.key, claim.version);
    }
  }
}

void RecordDraft::add(const char* op, const char* kind, const std::string& key, int64_t version) {
  operations_.push_back(operation(op, kind, key, version));
}

void RecordDraft::put(const char* kind, int64_t version, Json record) {
  operations_.push_back(put_operation(kind, version, std::move(record)));
}

}  // namespace duetime
