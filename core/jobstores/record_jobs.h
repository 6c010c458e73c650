// Jobs over a record storage: adding, changing, finding and removing them. See JobStore, function by
// function.
//
// Threads: any.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/jobstores/record_session.h"

namespace duetime {

void add_jobs(RecordSession& session, std::span<const NewJob> jobs, OnConflict on_conflict);
bool import_jobs(RecordSession& session, std::string_view source, std::span<const NewJob> jobs);
bool is_imported(RecordSession& session, std::string_view source);
std::optional<JobRecord> update_job(RecordSession& session, const JobRecord& record);
bool remove_job(RecordSession& session, const std::string& id);
std::size_t remove_all_jobs(RecordSession& session);
std::vector<JobRecord> list_jobs(RecordSession& session, const JobFilter& filter);

}  // namespace duetime
