#include "core/jobstores/mongodb_runs.h"

#include <algorithm>
#include <climits>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "core/base/error.h"

namespace duetime {
namespace {

constexpr std::size_t kRunsPrunedAtOnce = 10'000;

// An entry of `ended` that is older than this was left behind: filing takes a moment.
constexpr Duration kFiledBy = std::chrono::seconds(60);

std::vector<BsonValue> ids_of(const MongoRuns& runs) {
  std::vector<BsonValue> ids;
  ids.reserve(runs.size());
  for (const MongoRun& run : runs) ids.emplace_back(run.record.id);
  return ids;
}

// --- filing

// A document that is to go with what is in it.
struct Burial {
  MongoJob job;

  bool was_shown() const { return job.status == stored_word(JobStatus::kFinishing); }
};

std::vector<Burial> spent_among(MongoSession& session, const Bson& filter) {
  std::vector<Burial> spent;
  const Bson conditions{{"$and", std::vector<Bson>{filter, spent_jobs()}}};
  const Bson options{{"projection", Bson{{"document", 0}}}};
  session.connection.find(session.names.jobs, conditions, options, [&](BsonView document) {
    std::optional<MongoJob> job = read_job(session, document);
    if (job && job->is_spent()) spent.push_back({*std::move(job)});
    return true;
  });
  return spent;
}

// Ends are appended in the order in which they happened: whose is the last has emptied the document.
bool came_last(const MongoEnds& ends, const MongoJob& job) {
  if (job.ended.empty() || ends.ended.empty()) return false;
  return job.ended.back().record.id == ends.ended.back().record.id;
}

// Where the document has not been given to another job of that id meanwhile.
Bson burial_statement(const Burial& burial) {
  Bson filter{{"_id", burial.job.record.id}, {"status", burial.job.status}};
  if (burial.job.record.position.version != 0) filter.add("version", burial.job.record.position.version);
  filter.add("runs.0", Bson{{"$exists", false}});
  return delete_statement(filter);
}

// What two calls file is there once: the second finds the id taken.
void insert_into_history(MongoSession& session, const MongoRuns& runs) {
  std::unordered_set<Uuid> seen;
  std::vector<Bson> documents;
  for (const MongoRun& run : runs) {
    if (seen.insert(run.record.id).second) documents.push_back(document_of(run));
  }
  if (!documents.empty()) session.connection.insert(session.names.runs, documents);
}

void erase_documents(MongoSession& session, const std::vector<Burial>& burials) {
  std::vector<Bson> statements;
  for (const Burial& burial : burials) statements.push_back(burial_statement(burial));
  if (!statements.empty()) session.connection.erase(session.names.jobs, statements);
}

Bson unlist_statement(const std::string& job_id, const MongoRuns& runs) {
  const Bson entries{{"ended", Bson{{"_id", Bson{{"$in", ids_of(runs)}}}}}};
  return update_statement(Bson{{"_id", job_id}}, Bson{{"$pull", entries}});
}

void unlist(MongoSession& session, const std::vector<MongoEnds>& ends) {
  std::vector<Bson> statements;
  for (const MongoEnds& each : ends) {
    if (!each.document_goes && !each.ended.empty()) {
      statements.push_back(unlist_statement(each.job_id, each.ended));
    }
  }
  if (!statements.empty()) session.connection.update(session.names.jobs, statements);
}

// The documents that these ends have emptied.
std::vector<Burial> emptied_by(MongoSession& session, std::vector<MongoEnds>& ends) {
  std::vector<std::string> ids;
  for (const MongoEnds& each : ends) ids.push_back(each.job_id);
  std::vector<Burial> burials;
  for (Burial& burial : spent_among(session, Bson{{"_id", any_of(ids)}})) {
    const auto last = std::ranges::find_if(ends, [&](const MongoEnds& each) {
      return each.job_id == burial.job.record.id && came_last(each, burial.job);
    });
    if (last == ends.end()) continue;
    last->job_removed = burial.was_shown();
    last->document_goes = true;
    burials.push_back(std::move(burial));
  }
  return burials;
}

// --- completing

MongoRun ended_run(const RunEnd& end, Instant filed_at) {
  const Claim& claim = *end.claim;
  MongoRun run = claimed_run(claim, claim.runs[end.run_index]);
  run.record.state = end.state;
  run.record.lease_until = std::nullopt;
  run.record.started_at = end.started_at;
  run.record.ended_at = end.ended_at;
  run.record.error = end.error;
  run.filed_by = claim.owner;
  run.filed_at = filed_at;
  return run;
}

Bson end_statement(const RunEnd& end, const MongoRun& ended, Instant now) {
  const Bson update{{"$pull", Bson{{"runs", Bson{{"_id", ended.record.id}}}}},
                    {"$push", Bson{{"ended", document_of(ended)}}}};
  return update_statement(held_run(*end.claim, ended.record.id, now), update);
}

// This claim's owner has ended the run, now or before.
bool is_end_of(const MongoRun& found, const MongoRun& ours) {
  const RunState state = found.record.state;
  return found.record.id == ours.record.id && found.record.owner == ours.record.owner &&
         found.record.fence == ours.record.fence && state != RunState::kClaimed &&
         state != RunState::kAbandoned;
}

class Completion {
 public:
  Completion(MongoSession& session, std::span<const RunEnd> ends, const CallTime& time)
      : session_(session), ends_(ends), now_(session.now(time)) {
    for (const RunEnd& end : ends) runs_.push_back(ended_run(end, now_));
  }

  std::vector<CompletionResult> run() {
    const bool all = write() == static_cast<int64_t>(ends_.size());
    for (std::size_t i = 0; i < runs_.size(); ++i) results_.push_back({.accepted = all});
    std::vector<MongoEnds> to_file = all ? every_end() : ends_in_documents();
    if (!all) accept_what_is_in_history();
    file_ends(session_, to_file);
    for (const MongoEnds& each : to_file) note_removal(each);
    return std::move(results_);
  }

 private:
  int64_t write() {
    std::vector<Bson> statements;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      statements.push_back(end_statement(ends_[i], runs_[i], now_));
    }
    return session_.connection.update(session_.names.jobs, statements).matched;
  }

  std::vector<MongoEnds> every_end() const {
    std::vector<MongoEnds> all;
    for (const MongoRun& run : runs_) all.push_back({run.record.job_id, {run}});
    return all;
  }

  // Some were refused: those that stand in the documents are ours, by this call or an earlier one.
  std::vector<MongoEnds> ends_in_documents() {
    std::vector<MongoEnds> found;
    std::vector<std::string> ids;
    for (const MongoRun& run : runs_) ids.push_back(run.record.job_id);
    session_.connection.find(session_.names.jobs, Bson{{"_id", any_of(ids)}}, Bson{}, [&](BsonView document) {
      const std::optional<MongoJob> job = read_job(session_, document);
      if (!job) return true;
      for (const MongoRun& ended : job->ended) {
        if (accept(ended)) found.push_back({job->record.id, {ended}});
      }
      return true;
    });
    return found;
  }

  void accept_what_is_in_history() {
    std::vector<BsonValue> ids;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (!results_[i].accepted) ids.emplace_back(runs_[i].record.id);
    }
    if (ids.empty()) return;
    for (const MongoRun& filed : find_filed(session_, ids)) accept(filed);
  }

  bool accept(const MongoRun& found) {
    bool any = false;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (!is_end_of(found, runs_[i])) continue;
      results_[i].accepted = true;
      any = true;
    }
    return any;
  }

  void note_removal(const MongoEnds& ends) {
    if (!ends.job_removed) return;
    const Uuid id = ends.ended.back().record.id;
    const auto run = std::ranges::find_if(runs_, [&](const MongoRun& each) { return each.record.id == id; });
    results_[static_cast<std::size_t>(run - runs_.begin())].job_removed = true;
  }

  MongoSession& session_;
  std::span<const RunEnd> ends_;
  const Instant now_;
  MongoRuns runs_;
  std::vector<CompletionResult> results_;
};

// --- leases

// Of all runs of one claim, in one write.
Bson claim_statement(const Claim& claim, Instant now, const Bson& set) {
  const std::vector<Bson> filters = {Bson{{"r.fence", claim.fence}}};
  return update_statement(held_claim(claim, now), Bson{{"$set", set}}).add("arrayFilters", filters);
}

// --- history

bool later(const MongoRun& a, const MongoRun& b) {
  if (a.record.scheduled_time != b.record.scheduled_time) {
    return a.record.scheduled_time > b.record.scheduled_time;
  }
  return a.record.fence > b.record.fence;
}

Bson history_filter(const RunFilter& filter) {
  Bson conditions;
  if (filter.job_id) conditions.add("job_id", *filter.job_id);
  if (filter.state) conditions.add("state", to_string(*filter.state));
  Bson range;
  if (filter.scheduled_from) range.add("$gte", *filter.scheduled_from);
  if (filter.scheduled_until) range.add("$lte", *filter.scheduled_until);
  if (filter.scheduled_from || filter.scheduled_until) conditions.add("scheduled_time", range);
  return conditions;
}

class RunList {
 public:
  RunList(MongoSession& session, const RunFilter& filter) : session_(session), filter_(filter) {}

  std::vector<RunRecord> run() {
    // In this order: what ends meanwhile is met twice rather than never, and once it ended it stays so.
    take_from_jobs("runs.lease_until");
    take_from_jobs("ended.filed_at");
    take_from_history();
    return latest();
  }

 private:
  // Documents with such runs, by the index on them.
  void take_from_jobs(const char* indexed) {
    Bson conditions{{indexed, Bson{{"$gte", int64_t{INT64_MIN}}}}};
    if (filter_.job_id) conditions.add("_id", *filter_.job_id);
    const Bson projection{{"runs", 1}, {"ended", 1}};
    session_.connection.find(session_.names.jobs, conditions, Bson{{"projection", projection}},
                             [&](BsonView document) {
                               for (const char* array : {"runs", "ended"}) take_array(document, array);
                               return true;
                             });
  }

  void take_array(BsonView document, const char* name) {
    const std::optional<BsonView> array = document.document(name);
    if (!array) return;
    array->for_each([&](const BsonElement& element) {
      const std::optional<BsonView> each = element.document();
      if (std::optional<MongoRun> run = each ? read_run(*each) : std::nullopt) take(*std::move(run));
    });
  }

  void take_from_history() {
    const Bson options{{"sort", Bson{{"scheduled_time", -1}, {"fence", -1}}},
                       {"limit", static_cast<int64_t>(std::min<std::size_t>(filter_.limit, INT32_MAX))}};
    session_.connection.find(session_.names.runs, history_filter(filter_), options, [&](BsonView document) {
      if (std::optional<MongoRun> run = read_run(document)) take(*std::move(run));
      return true;
    });
  }

  void take(MongoRun run) {
    const Uuid id = run.record.id;
    const auto [place, added] = runs_.try_emplace(id, run);
    if (!added && run.record.state != RunState::kClaimed) place->second = std::move(run);
  }

  std::vector<RunRecord> latest() {
    MongoRuns runs;
    for (auto& [id, run] : runs_) {
      if (filter_.matches(run.record)) runs.push_back(std::move(run));
    }
    std::ranges::sort(runs, later);
    if (runs.size() > filter_.limit) runs.resize(filter_.limit);
    std::vector<RunRecord> records;
    for (MongoRun& run : runs) records.push_back(std::move(run.record));
    return records;
  }

  MongoSession& session_;
  const RunFilter& filter_;
  std::unordered_map<Uuid, MongoRun> runs_;
};

// What nodes that died had not filed, or not taken away.
void file_what_was_left(MongoSession& session) {
  const Instant before = server_time(session.connection) - kFiledBy;
  std::vector<MongoEnds> left;
  session.connection.find(session.names.jobs, Bson{{"ended.filed_at", Bson{{"$lt", before}}}}, Bson{},
                          [&](BsonView document) {
                            std::optional<MongoJob> job = read_job(session, document);
                            if (job) left.push_back({job->record.id, std::move(job->ended)});
                            return true;
                          });
  file_ends(session, left);
  // Without entries in `ended` nobody is at work on it; what is removed may be buried by anyone.
  const std::vector<Bson> anyones = {Bson{{"status", kRemovedWord}},
                                     Bson{{"ended.0", Bson{{"$exists", false}}}}};
  bury_spent_jobs(session, Bson{{"next_run_time", std::nullopt}, {"$or", anyones}});
}

std::size_t erase_history(MongoSession& session, const Bson& filter) {
  const Bson statement{{"q", filter}, {"limit", 0}};
  return static_cast<std::size_t>(session.connection.erase(session.names.runs, {statement}).matched);
}

std::size_t prune_beyond(MongoSession& session, std::size_t max_count) {
  std::vector<BsonValue> ids;
  const Bson options{{"sort", Bson{{"ended_at", -1}, {"_id", -1}}},
                     {"skip", static_cast<int64_t>(max_count)},
                     {"limit", static_cast<int64_t>(kRunsPrunedAtOnce)},
                     {"projection", Bson{{"_id", 1}}}};
  session.connection.find(session.names.runs, Bson{}, options, [&](BsonView document) {
    if (const std::optional<std::string_view> id = document.text("_id")) ids.emplace_back(*id);
    return true;
  });
  return ids.empty() ? 0 : erase_history(session, Bson{{"_id", Bson{{"$in", ids}}}});
}

}  // namespace

Bson any_of(std::vector<std::string> ids) {
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return Bson{{"$in", std::vector<BsonValue>(ids.begin(), ids.end())}};
}

void file_ends(MongoSession& session, std::vector<MongoEnds>& ends) {
  if (ends.empty()) return;
  const std::vector<Burial> burials = emptied_by(session, ends);
  MongoRuns ended;
  for (const MongoEnds& each : ends) ended.insert(ended.end(), each.ended.begin(), each.ended.end());
  for (const Burial& each : burials) {
    ended.insert(ended.end(), each.job.ended.begin(), each.job.ended.end());
  }
  insert_into_history(session, ended);
  erase_documents(session, burials);
  unlist(session, ends);
}

void bury_spent_jobs(MongoSession& session, const Bson& filter) {
  const std::vector<Burial> burials = spent_among(session, filter);
  MongoRuns ended;
  for (const Burial& each : burials) {
    ended.insert(ended.end(), each.job.ended.begin(), each.job.ended.end());
  }
  insert_into_history(session, ended);
  erase_documents(session, burials);
}

std::vector<CompletionResult> complete_runs(MongoSession& session, std::span<const RunEnd> ends,
                                            const CallTime& time) {
  if (ends.empty()) return {};
  return Completion(session, ends, time).run();
}

std::vector<bool> renew_claims(MongoSession& session, std::span<const ClaimPtr> claims, const CallTime& time,
                               Duration lease) {
  if (claims.empty()) return {};
  const Instant now = session.now(time);
  const Instant lease_until = checked_add(now, lease).value_or(kLatestInstant);
  std::vector<Bson> statements;
  std::vector<std::string> ids;
  for (const ClaimPtr& claim : claims) {
    statements.push_back(claim_statement(*claim, now, Bson{{"runs.$[r].lease_until", lease_until}}));
    ids.push_back(claim->record.id);
  }
  const int64_t renewed = session.connection.update(session.names.jobs, statements).matched;
  if (renewed == static_cast<int64_t>(claims.size())) return std::vector<bool>(claims.size(), true);

  std::map<int64_t, Uuid> owners;  // of the claims that hold, by fence
  session.connection.find(session.names.jobs, Bson{{"_id", any_of(ids)}}, Bson{}, [&](BsonView document) {
    const std::optional<MongoJob> job = read_job(session, document);
    if (!job) return true;
    for (const MongoRun& run : job->runs) {
      if (run.record.lease_until >= now) owners[run.record.fence] = run.record.owner;
    }
    return true;
  });
  std::vector<bool> held;
  for (const ClaimPtr& claim : claims) {
    const auto found = owners.find(claim->fence);
    held.push_back(found != owners.end() && found->second == claim->owner);
  }
  return held;
}

void release_claims(MongoSession& session, std::span<const ClaimPtr> claims, const CallTime& time) {
  if (claims.empty()) return;
  const Instant now = session.now(time);
  std::vector<Bson> statements;
  for (const ClaimPtr& claim : claims) {
    statements.push_back(claim_statement(
        *claim, now, Bson{{"runs.$[r].lease_until", now - Duration{1}}, {"runs.$[r].released", true}}));
  }
  session.connection.update(session.names.jobs, statements);
}

std::vector<RunRecord> list_runs(MongoSession& session, const RunFilter& filter) {
  if (filter.limit == 0) return {};
  return RunList(session, filter).run();
}

std::size_t prune_runs(MongoSession& session, const RunRetention& retention, Instant now) {
  file_what_was_left(session);
  std::size_t pruned = 0;
  if (retention.max_count < INT32_MAX) {
    for (std::size_t step = kRunsPrunedAtOnce; step == kRunsPrunedAtOnce;) {
      step = prune_beyond(session, retention.max_count);
      pruned += step;
    }
  }
  const std::optional<Instant> ended_before = checked_add(now, -retention.max_age);
  if (!ended_before) return pruned;  // older than time itself: nothing is
  return pruned + erase_history(session, Bson{{"ended_at", Bson{{"$lt", *ended_before}}}});
}

MongoRuns find_filed(MongoSession& session, const std::vector<BsonValue>& ids) {
  MongoRuns runs;
  session.connection.find(session.names.runs, Bson{{"_id", Bson{{"$in", ids}}}}, Bson{},
                          [&](BsonView document) {
                            if (std::optional<MongoRun> run = read_run(document)) {
                              runs.push_back(*std::move(run));
                            }
                            return true;
                          });
  return runs;
}

}  // namespace duetime
