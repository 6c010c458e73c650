#include "capi/src/job_options.h"

#include <utility>

#include "capi/src/conversions.h"
#include "capi/src/struct_size.h"
#include "core/base/text.h"
#include "core/scheduler/run_planner.h"

namespace duetime::capi {
namespace {

constexpr uint32_t kAllFields = DUETIME_JOB_NAME | DUETIME_JOB_TASK | DUETIME_JOB_EXECUTOR |
                                DUETIME_JOB_COALESCE | DUETIME_JOB_MAX_INSTANCES | DUETIME_JOB_RECOVER |
                                DUETIME_JOB_MISFIRE_GRACE | DUETIME_JOB_NEXT_RUN_TIME | DUETIME_JOB_PAYLOAD |
                                DUETIME_JOB_TAGS;

constexpr const char* kStructName = "duetime_job_options";

JobOptions adopt_options(const duetime_job_options& options) {
  const auto given = read_known_members<duetime_job_options>(options, DUETIME_JOB_OPTIONS_INIT, kStructName);
  return JobOptions{given, adopt(given.live_payload, given.release_live_payload)};
}

void check_one_of_many(const duetime_job_options& options, uint32_t stride, size_t index) {
  if (options.struct_size != stride) {
    refuse("options[" + std::to_string(index) + "].struct_size is " + std::to_string(options.struct_size) +
           "; expected " + std::to_string(stride) + " as in the first");
  }
  refuse_unknown_members(options, kStructName);
}

std::optional<Duration> misfire_grace_of(const duetime_job_options& given) {
  if (given.misfire_grace == DUETIME_DURATION_UNLIMITED) return std::nullopt;
  return Duration{given.misfire_grace};
}

std::vector<std::string> tags_of(const duetime_job_options& given) {
  std::vector<std::string> tags;
  if (given.tag_count > 0) input(given.tags, "tags");
  for (uint32_t i = 0; i < given.tag_count; ++i) {
    tags.push_back(required_text(given.tags[i], ("tags[" + std::to_string(i) + "]").c_str()));
  }
  return tags;
}

std::string payload_data_of(const duetime_job_options& given) {
  if (given.payload_size == 0) return {};
  if (given.payload == nullptr) {
    refuse("payload is NULL; expected " + std::to_string(given.payload_size) +
           " bytes, as payload_size says");
  }
  if (given.payload_size > kMaxPayloadBytes) {
    refuse("payload_size is " + std::to_string(given.payload_size) + "; expected at most " +
           std::to_string(kMaxPayloadBytes));
  }
  return std::string(static_cast<const char*>(given.payload), given.payload_size);
}

Payload payload_of(const JobOptions& options) {
  if (options.live_payload && options.given.payload_size > 0) {
    refuse("both payload and live_payload are set; expected one of them");
  }
  return Payload{.encoding = optional_text(options.given.payload_encoding, "payload_encoding", "none"),
                 .data = payload_data_of(options.given),
                 .live = options.live_payload};
}

std::string executor_of(const duetime_job_options& given) {
  return given.executor == nullptr ? "default" : required_text(given.executor, "executor");
}

// A run at a time that the caller chose counts as the trigger's fire of that time: it goes on from there.
JobPosition position_at(std::optional<Instant> time) {
  JobPosition position;
  position.status = time ? JobStatus::kScheduled : JobStatus::kPaused;
  position.next_run_time = time;
  position.fire_time = time;
  return position;
}

void move_to(JobPosition& position, const JobPosition& target) {
  position.status = target.status;
  position.next_run_time = target.next_run_time;
  position.fire_time = target.fire_time;
}

void edit_texts(uint32_t fields, const duetime_job_options& given, Job& job) {
  if (fields & DUETIME_JOB_NAME) job.name = optional_text(given.name, "name", "");
  if (fields & DUETIME_JOB_TASK) job.task = required_text(given.task, "task");
  if (fields & DUETIME_JOB_EXECUTOR) job.executor = executor_of(given);
  if (fields & DUETIME_JOB_TAGS) job.tags = tags_of(given);
}

void edit_limits(uint32_t fields, const duetime_job_options& given, Job& job) {
  if (fields & DUETIME_JOB_COALESCE) job.coalesce = to_flag(given.coalesce, "coalesce");
  if (fields & DUETIME_JOB_MAX_INSTANCES) job.max_instances = given.max_instances;
  if (fields & DUETIME_JOB_RECOVER) job.recover = to_flag(given.recover, "recover");
  if (fields & DUETIME_JOB_MISFIRE_GRACE) job.misfire_grace = misfire_grace_of(given);
}

}  // namespace

JobOptions read_job_options(const duetime_job_options* options) {
  JobOptions read = adopt_options(input(options, "options"));
  refuse_unknown_members(*options, kStructName);
  return read;
}

std::vector<JobOptions> read_job_options(const duetime_job_options* options, size_t count) {
  std::vector<JobOptions> read;
  if (count == 0) return read;
  const uint32_t stride = input(options, "options").struct_size;
  check_struct_size(stride, sizeof(duetime_job_options), kStructName);
  const auto at = [&](size_t i) -> const duetime_job_options& {
    return *reinterpret_cast<const duetime_job_options*>(reinterpret_cast<const unsigned char*>(options) +
                                                         i * stride);
  };
  for (size_t i = 0; i < count; ++i) {
    if (at(i).struct_size == stride) read.push_back(adopt_options(at(i)));
  }
  for (size_t i = 0; i < count; ++i) check_one_of_many(at(i), stride, i);
  return read;
}

std::string store_of(const JobOptions& options) {
  return options.given.store == nullptr ? "default" : required_text(options.given.store, "store");
}

OnConflict on_conflict_of(const JobOptions& options) {
  return to_flag(options.given.replace, "replace") ? OnConflict::kReplace : OnConflict::kFail;
}

Job to_job(const JobOptions& options, TriggerPtr trigger) {
  const duetime_job_options& given = options.given;
  Job job;
  job.id = optional_text(given.id, "id", "");
  job.trigger = std::move(trigger);
  job.payload = payload_of(options);
  edit_texts(kAllFields, given, job);
  edit_limits(kAllFields, given, job);
  return job;
}

std::optional<JobPosition> position_of(const JobOptions& options) {
  if (options.given.next_run_time == DUETIME_TIME_FROM_TRIGGER) return std::nullopt;
  return position_at(optional_instant(options.given.next_run_time, "next_run_time"));
}

JobEdit to_edit(uint32_t fields, const JobOptions& options, const TriggerPtr& trigger, const Clock& clock) {
  if ((fields & ~kAllFields) != 0) {
    refuse("fields is " + std::to_string(fields) + "; expected a combination of DUETIME_JOB_... fields");
  }
  return [=, &options, &trigger, &clock](Job& job, JobPosition& position) {
    edit_texts(fields, options.given, job);
    edit_limits(fields, options.given, job);
    if (fields & DUETIME_JOB_PAYLOAD) job.payload = payload_of(options);
    if (trigger) job.trigger = trigger;
    if (fields & DUETIME_JOB_NEXT_RUN_TIME) {
      const std::optional<JobPosition> chosen = position_of(options);
      move_to(position, chosen ? *chosen : first_position(job, clock.now()));
    }
  };
}

JobFilter to_job_filter(const duetime_job_filter& given) {
  const duetime_job_filter filter = read_struct(given, DUETIME_JOB_FILTER_INIT, "duetime_job_filter");
  JobFilter wanted;
  if (filter.tag != nullptr) wanted.tag = required_text(filter.tag, "tag");
  if (filter.task != nullptr) wanted.task = required_text(filter.task, "task");
  if (filter.executor != nullptr) wanted.executor = required_text(filter.executor, "executor");
  if (filter.after_id != nullptr) wanted.after_id = required_job_id(filter.after_id);
  if (filter.limit == 0) refuse("limit is 0; expected at least 1");
  wanted.limit = filter.limit;
  return wanted;
}

}  // namespace duetime::capi
