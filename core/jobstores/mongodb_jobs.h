// The jobs of the MongoDB store: adding, changing, finding and removing them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/jobstores/mongodb_documents.h"

namespace duetime {

// Those of a request, which may have none.
const Exclusions& exclusions_of(const ClaimRequest& request);

// See JobStore, function by function.
void add_jobs(MongoSession& session, std::span<const NewJob> jobs, OnConflict on_conflict);
std::optional<JobRecord> update_job(MongoSession& session, const JobRecord& record);
bool remove_job(MongoSession& session, std::string_view id);
std::size_t remove_all_jobs(MongoSession& session);
std::optional<JobRecord> get_job(MongoSession& session, std::string_view id);
std::vector<JobRecord> list_jobs(MongoSession& session, const JobFilter& filter);
std::size_t count_jobs(MongoSession& session);
std::optional<Instant> next_due_job(MongoSession& session, const Exclusions& exclusions);

// What was stored under that id, shown in listings or not.
std::optional<MongoJob> find_job(MongoSession& session, const Bson& filter);

using MongoJobsById = std::unordered_map<std::string, MongoJob>;

MongoJobsById find_jobs(MongoSession& session, std::vector<std::string> ids);

struct MongoDueJobs {
  std::vector<MongoJob> readable;  // earliest first, ties by id
  std::vector<JobRecord> unreadable;
};

// Up to `limit` readable jobs, and the unreadable ones met on the way, which hold up no others.
MongoDueJobs find_due(MongoSession& session, Instant until, std::size_t limit, const Exclusions& exclusions);

}  // namespace duetime
