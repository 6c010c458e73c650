// How runs of the MongoDB store end, and their history.
//
// A run ends in one write to its job's document, which takes it from `runs` and puts it, as it ended, into
// `ended`. Only then is it copied into the history, under its own id, and taken from `ended`. Whoever dies in
// between leaves an entry in `ended` that is filed later by whoever prunes; listings show it all the time. So
// no end is lost, and none is there twice.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/jobstores/mongodb_documents.h"

namespace duetime {

// Ends that this call has written to a job's document.
struct MongoEnds {
  std::string job_id;
  MongoRuns ended;

  // Set by file_ends(): they were a spent job's last, and the document goes; with it the job, unless somebody
  // had removed that before.
  bool document_goes = false;
  bool job_removed = false;
};

// Copies them into the history and takes them from the documents; a spent document goes. Of several calls
// that end the runs of one job, exactly one is told that the job is gone: the one whose end came last.
void file_ends(MongoSession& session, std::vector<MongoEnds>& ends);

// The same for all spent documents that match.
void bury_spent_jobs(MongoSession& session, const Bson& filter);

// See JobStore, function by function.
std::vector<CompletionResult> complete_runs(MongoSession& session, std::span<const RunEnd> ends,
                                            const CallTime& time);
std::vector<bool> renew_claims(MongoSession& session, std::span<const ClaimPtr> claims, const CallTime& time,
                               Duration lease);
void release_claims(MongoSession& session, std::span<const ClaimPtr> claims, const CallTime& time);
std::vector<RunRecord> list_runs(MongoSession& session, const RunFilter& filter);
std::size_t prune_runs(MongoSession& session, const RunRetention& retention, Instant now);

// Runs of the history with these ids.
MongoRuns find_filed(MongoSession& session, const std::vector<BsonValue>& ids);

// {"$in": [...]} of the jobs' ids, each once.
Bson any_of(std::vector<std::string> ids);

}  // namespace duetime
