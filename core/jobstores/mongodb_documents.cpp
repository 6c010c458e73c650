#include "core/jobstores/mongodb_documents.h"

#include <algorithm>
#include <new>
#include <set>

#include "core/base/text.h"
#include "core/jobs/job_document.h"

namespace duetime {
namespace {

constexpr const char* kFreeWords[] = {"finishing", kRemovedWord, kImportingWord};

void mark_unreadable(JobRecord& record, const std::string& why) {
  if (record.unreadable.empty()) record.unreadable = why;
  record.job = nullptr;
}

// Empty where the field is missing, null or holds no valid instant; the last is noted.
std::optional<Instant> read_instant(BsonView document, const char* name, JobRecord& record) {
  const std::optional<BsonElement> element = document.find(name);
  if (!element || element->is_null()) return std::nullopt;
  const std::optional<int64_t> micros = element->integer();
  if (micros && is_valid(from_micros(*micros))) return from_micros(*micros);
  mark_unreadable(record, std::string(name) + ": expected microseconds within the years 1 to 9999");
  return std::nullopt;
}

int64_t read_number(BsonView document, const char* name, JobRecord& record) {
  const std::optional<int64_t> number = document.integer(name);
  if (!number) mark_unreadable(record, std::string(name) + ": expected an integer");
  return number.value_or(0);
}

void read_status(BsonView document, MongoJob& job) {
  JobRecord& record = job.record;
  job.status = document.text("status").value_or("");
  const std::optional<JobStatus> status = job_status_of(job.status);
  record.position.status = status.value_or(JobStatus::kPaused);
  if (!status) mark_unreadable(record, "status " + in_quotes(job.status) + " is unknown");
  const bool scheduled = status == JobStatus::kScheduled;
  if (scheduled && !record.position.next_run_time) mark_unreadable(record, "scheduled without next_run_time");
}

void read_position(BsonView document, JobRecord& record) {
  record.position.next_run_time = read_instant(document, "next_run_time", record);
  record.position.fire_time = read_instant(document, "fire_time", record);
  record.position.revision = read_number(document, "revision", record);
  record.position.version = read_number(document, "version", record);
  record.position.fence = read_number(document, "fence", record);
}

// Claims select by the fields and run by the document: where the two differ, neither is to be trusted.
void require_same(BsonView document, const char* name, const std::string& in_document, JobRecord& record) {
  const std::string_view field = document.text(name).value_or("");
  if (field == in_document) return;
  mark_unreadable(record, std::string(name) + " is " + in_quotes(field) + " in the field and " +
                              in_quotes(in_document) + " in the document");
}

void read_definition(MongoSession& session, BsonView document, JobRecord& record) {
  const std::optional<BsonElement> element = document.find("document");
  const std::optional<std::string_view> text = element ? element->text_or_binary() : std::nullopt;
  if (!text) return mark_unreadable(record, "document: expected a text");
  try {
    record.job = session.parse(*text);
  } catch (const std::bad_alloc&) {
    throw;  // says nothing about the job
  } catch (const std::exception& error) {
    return mark_unreadable(record, error.what());
  }
  const JobPtr job = record.job;
  require_same(document, "_id", job->id, record);
  require_same(document, "task", job->task, record);
  require_same(document, "executor", job->executor, record);
}

// Of an array in a job's document; elements that are no runs are left out. Answers whether there were any.
bool read_runs(BsonView document, const char* name, MongoRuns& runs) {
  bool any = false;
  const std::optional<BsonView> array = document.document(name);
  if (!array) return false;
  array->for_each([&](const BsonElement& element) {
    any = true;
    const std::optional<BsonView> each = element.document();
    std::optional<MongoRun> run = each ? read_run(*each) : std::nullopt;
    if (run) runs.push_back(*std::move(run));
  });
  return any;
}

Uuid uuid_of(BsonView document, const char* name) {
  return parse_uuid(document.text(name).value_or("")).value_or(Uuid{});
}

std::optional<Instant> instant_of(BsonView document, const char* name) {
  const std::optional<int64_t> micros = document.integer(name);
  return micros ? std::optional(from_micros(*micros)) : std::nullopt;
}

void read_times(BsonView document, MongoRun& run) {
  RunRecord& record = run.record;
  record.scheduled_time = instant_of(document, "scheduled_time").value_or(Instant{});
  run.fire_time = instant_of(document, "fire_time").value_or(record.scheduled_time);
  record.claimed_at = instant_of(document, "claimed_at").value_or(record.scheduled_time);
  record.lease_until = instant_of(document, "lease_until");
  record.started_at = instant_of(document, "started_at");
  record.ended_at = instant_of(document, "ended_at");
  run.filed_at = instant_of(document, "filed_at");
}

void read_identities(BsonView document, MongoRun& run) {
  run.record.id = uuid_of(document, "_id");
  run.record.owner = uuid_of(document, "owner");
  run.claim_id = uuid_of(document, "claim_id");
  run.filed_by = uuid_of(document, "filed_by");
}

Bson no_runs() { return Bson{{"$exists", false}}; }

Bson run_element(const Claim& claim, Instant not_before) {
  return Bson{{"fence", claim.fence}, {"owner", claim.owner}, {"lease_until", Bson{{"$gte", not_before}}}};
}

}  // namespace

bool MongoJob::is_spent() const {
  return !has_runs && (status == kRemovedWord || status == stored_word(JobStatus::kFinishing));
}

int MongoJob::running_instances() const {
  std::set<int64_t> fences;
  for (const MongoRun& run : runs) fences.insert(run.record.fence);
  return static_cast<int>(fences.size());
}

bool holds_fence(const MongoJob& job, int64_t fence) {
  return std::ranges::any_of(job.runs, [&](const MongoRun& run) { return run.record.fence == fence; });
}

bool lists_end(const MongoRuns& ended, const MongoRun& ours) {
  return std::ranges::any_of(ended, [&](const MongoRun& run) {
    return run.record.id == ours.record.id && run.filed_by == ours.filed_by;
  });
}

std::optional<MongoJob> read_job(MongoSession& session, BsonView document) {
  const std::optional<std::string_view> id = document.text("_id");
  if (!id) return std::nullopt;
  MongoJob job;
  job.record.id = std::string(*id);
  read_definition(session, document, job.record);
  read_position(document, job.record);
  read_status(document, job);
  job.has_runs = read_runs(document, "runs", job.runs);
  read_runs(document, "ended", job.ended);
  return job;
}

Bson document_of(const MongoRun& run) {
  const RunRecord& record = run.record;
  Bson document{{"_id", record.id},
                {"job_id", record.job_id},
                {"task", record.task},
                {"job_revision", record.job_revision},
                {"scheduled_time", record.scheduled_time},
                {"fire_time", run.fire_time},
                {"attempt", record.attempt},
                {"state", to_string(record.state)},
                {"owner", record.owner},
                {"claim_id", run.claim_id},
                {"fence", record.fence},
                {"claimed_at", record.claimed_at}};
  if (record.state == RunState::kClaimed) {
    document.add("released", run.released).add("lease_until", record.lease_until);
    return document;
  }
  document.add("started_at", record.started_at).add("ended_at", record.ended_at).add("error", record.error);
  document.add("filed_by", run.filed_by).add("filed_at", run.filed_at);
  return document;
}

std::optional<MongoRun> read_run(BsonView document) {
  const std::optional<RunState> state = parse_run_state(document.text("state").value_or(""));
  if (!state) return std::nullopt;
  MongoRun run;
  RunRecord& record = run.record;
  record.state = *state;
  read_identities(document, run);
  read_times(document, run);
  record.job_id = std::string(document.text("job_id").value_or(""));
  record.task = std::string(document.text("task").value_or(""));
  record.job_revision = document.integer("job_revision").value_or(0);
  record.attempt =
      static_cast<int>(std::clamp<int64_t>(document.integer("attempt").value_or(1), 1, INT32_MAX));
  record.fence = document.integer("fence").value_or(0);
  record.error = std::string(document.text("error").value_or(""));
  const std::optional<BsonElement> released = document.find("released");
  run.released = released && released->boolean().value_or(false);
  return run;
}

std::shared_ptr<Claim> new_claim(JobRecord record, const ClaimRequest& request, Instant now) {
  auto claim = std::make_shared<Claim>();
  claim->record = std::move(record);
  claim->owner = request.owner;
  claim->claim_id = request.claim_id;
  claim->fence = claim->record.position.fence;
  claim->claimed_at = request.time.now;
  claim->lease_until = checked_add(now, request.lease).value_or(kLatestInstant);
  claim->claimed_boot_time = request.time.boot_time;
  return claim;
}

MongoRun claimed_run(const Claim& claim, const ClaimedRun& claimed) {
  MongoRun run;
  run.record = record_of(claim, claimed);
  run.record.lease_until = claim.lease_until;
  run.fire_time = claimed.fire_time;
  run.claim_id = claim.claim_id;
  return run;
}

MongoRun ended_run(RunRecord record, const ClaimRequest& request, Instant filed_at) {
  MongoRun run;
  run.fire_time = record.scheduled_time;
  run.record = std::move(record);
  run.claim_id = request.claim_id;
  run.filed_by = request.owner;
  run.filed_at = filed_at;
  return run;
}

std::vector<Bson> documents_of(const MongoRuns& runs) {
  std::vector<Bson> documents;
  documents.reserve(runs.size());
  for (const MongoRun& run : runs) documents.push_back(document_of(run));
  return documents;
}

Bson visible_jobs() {
  const std::vector<BsonValue> hidden = {kRemovedWord, kImportingWord};
  const std::vector<Bson> gone = {
      Bson{{"status", Bson{{"$in", hidden}}}},
      Bson{{"status", stored_word(JobStatus::kFinishing)}, {"runs.0", no_runs()}},
  };
  return Bson{{"$nor", gone}};
}

Bson spent_jobs() {
  const std::vector<BsonValue> words = {kRemovedWord, stored_word(JobStatus::kFinishing)};
  return Bson{{"status", Bson{{"$in", words}}}, {"runs.0", no_runs()}};
}

Bson free_status() {
  return Bson{{"$in", std::vector<BsonValue>(std::begin(kFreeWords), std::end(kFreeWords))}};
}

Bson taken_status() {
  return Bson{{"$nin", std::vector<BsonValue>(std::begin(kFreeWords), std::end(kFreeWords))}};
}

Bson held_run(const Claim& claim, const Uuid& run_id, Instant not_before) {
  return Bson{{"_id", claim.record.id},
              {"runs", Bson{{"$elemMatch", run_element(claim, not_before).add("_id", run_id)}}}};
}

Bson held_claim(const Claim& claim, Instant not_before) {
  return Bson{{"_id", claim.record.id}, {"runs", Bson{{"$elemMatch", run_element(claim, not_before)}}}};
}

Bson MongoChange::update() const {
  Bson update{{"$set", set}};
  if (unset.bytes().size() > Bson{}.bytes().size()) update.add("$unset", unset);  // an empty one is refused
  return update;
}

MongoChange& MongoChange::status(const char* word) {
  set.add("status", word);
  return *this;
}

MongoChange& MongoChange::definition(const Job& job) {
  set.add("task", job.task).add("executor", job.executor);
  set.add("tags", std::vector<BsonValue>(job.tags.begin(), job.tags.end()));
  set.add("document", job_to_text(job));
  return *this;
}

MongoChange& MongoChange::position(const JobPosition& position) {
  status(stored_word(position.status));
  set.add("fire_time", position.fire_time);
  if (!position.next_run_time) return nothing_due();
  set.add("next_run_time", *position.next_run_time);
  return *this;
}

MongoChange& MongoChange::revision(int64_t number) {
  set.add("revision", number).add("version", number);
  return *this;
}

MongoChange& MongoChange::nothing_due() {
  unset.add("next_run_time", "");
  return *this;
}

Bson MongoChange::new_document(std::string_view id, int64_t number) const {
  const std::vector<Bson> none;
  Bson document = set;
  document.add("_id", id).add("fence", number).add("runs", none).add("ended", none);
  return document;
}

Bson update_statement(const Bson& filter, const Bson& update) { return Bson{{"q", filter}, {"u", update}}; }

Bson delete_statement(const Bson& filter) { return Bson{{"q", filter}, {"limit", 1}}; }

}  // namespace duetime
