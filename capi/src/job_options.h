// duetime_job_options and duetime_job_filter as the engine understands them.
#pragma once

#include <duetime/job.h>

#include <optional>
#include <string>
#include <vector>

#include "capi/src/owned.h"
#include "core/jobs/job_record.h"
#include "core/jobstores/job_store.h"
#include "core/scheduler/scheduler.h"

namespace duetime::capi {

// The caller's struct in this version's form, with its live payload adopted.
struct JobOptions {
  duetime_job_options given;
  Owned live_payload;
};

// Throws kInvalidArgument for NULL and as read_struct(). A struct whose size is refused is not looked into.
JobOptions read_job_options(const duetime_job_options* options);

// `count` structs that lie as far apart as the first one says it is large. All are adopted before the first
// bad one is reported.
std::vector<JobOptions> read_job_options(const duetime_job_options* options, size_t count);

std::string store_of(const JobOptions& options);
OnConflict on_conflict_of(const JobOptions& options);

Job to_job(const JobOptions& options, TriggerPtr trigger);

// Nullopt: the trigger's first fire.
std::optional<JobPosition> position_of(const JobOptions& options);

// An edit that changes the members named by `fields`, and the trigger if there is one. `clock` says from when
// on a trigger's first fire is looked for. The references must outlive the edit. Throws kInvalidArgument for
// unknown fields.
JobEdit to_edit(uint32_t fields, const JobOptions& options, const TriggerPtr& trigger, const Clock& clock);

// Throws kInvalidArgument and as read_struct().
JobFilter to_job_filter(const duetime_job_filter& given);

}  // namespace duetime::capi
