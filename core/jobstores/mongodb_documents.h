// What stands in the documents of the MongoDB store: a job with its claimed runs, and how runs are written
// down. docs/mongodb_schema.md describes them for other programs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/jobstores/job_store.h"
#include "core/jobstores/mongodb_session.h"

namespace duetime {

// Words beside those of JobStatus, for documents that no listing shows. The words never change.
inline constexpr const char* kRemovedWord = "removed";      // somebody removed it while its runs went on
inline constexpr const char* kImportingWord = "importing";  // import_once() has not finished

// A run as it stands in a job's document, claimed or ended, and in the history.
struct MongoRun {
  RunRecord record;
  Instant fire_time;
  Uuid claim_id;
  bool released = false;
  Uuid filed_by;                    // the node that wrote down how it ended
  std::optional<Instant> filed_at;  // on the clock of leases
};

using MongoRuns = std::vector<MongoRun>;

struct MongoJob {
  JobRecord record;
  std::string status;  // as it stands there
  MongoRuns runs;      // claimed, in the order of their claims
  MongoRuns ended;     // not yet in the history
  bool has_runs = false;

  // No run is left, and no further one will come: the document may go.
  bool is_spent() const;
  int running_instances() const;
};

bool holds_fence(const MongoJob& job, int64_t fence);

// Whether this end is among them, as this node has filed it.
bool lists_end(const MongoRuns& ended, const MongoRun& ours);

// nullopt for a document whose _id is no text: it is none of ours. A document that cannot be understood is an
// unreadable job.
std::optional<MongoJob> read_job(MongoSession& session, BsonView document);

Bson document_of(const MongoRun& run);
std::optional<MongoRun> read_run(BsonView document);

// Of the job as the record says, without runs. `now` is on the clock of leases.
std::shared_ptr<Claim> new_claim(JobRecord record, const ClaimRequest& request, Instant now);

// As claimed under `claim`, or, the second, as given up when it was planned.
MongoRun claimed_run(const Claim& claim, const ClaimedRun& run);
MongoRun ended_run(RunRecord record, const ClaimRequest& request, Instant filed_at);

std::vector<Bson> documents_of(const MongoRuns& runs);

// --- filters and changes

// Jobs that listings show: not those that are gone but for their runs.
Bson visible_jobs();
Bson spent_jobs();

// Of jobs that do not take their ids.
Bson free_status();
Bson taken_status();

// Where this run, or this claim, stands in a job's document.
Bson held_run(const Claim& claim, const Uuid& run_id, Instant not_before);
Bson held_claim(const Claim& claim, Instant not_before);

// A change of a job's document, made of what it sets and what it takes away.
struct MongoChange {
  Bson set;
  Bson unset;

  MongoChange& status(const char* word);
  MongoChange& definition(const Job& job);
  MongoChange& position(const JobPosition& position);  // without its numbers
  MongoChange& revision(int64_t number);               // and version
  MongoChange& nothing_due();

  Bson update() const;

  // What it sets, as a document of its own.
  Bson new_document(std::string_view id, int64_t number) const;
};

// {q, u} of an update command.
Bson update_statement(const Bson& filter, const Bson& update);

// {q, limit: 1} of a delete command.
Bson delete_statement(const Bson& filter);

}  // namespace duetime
