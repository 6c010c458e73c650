#include <duetime/job.h>

#include <string>

#include "capi/src/conversions.h"
#include "capi/src/guard.h"
#include "capi/src/handles.h"
#include "core/jobs/job_document.h"

using namespace duetime;
using namespace duetime::capi;

namespace {

// What `get` answers about the job's definition; `unreadable` if it has none here.
template <class Answer, class Get>
Answer of_definition(const duetime_job* job, Answer stale, Answer unreadable, Get&& get) noexcept {
  return answer(stale, [&]() -> Answer {
    const Use<duetime_job> use(job);
    const JobPtr& definition = use->stored.record.job;
    return definition ? get(*definition) : unreadable;
  });
}

template <class Get>
const char* text_of_definition(const duetime_job* job, Get&& get) noexcept {
  return of_definition<const char*>(job, nullptr, "",
                                    [&](const Job& definition) { return get(definition).c_str(); });
}

template <class Get>
int32_t number_of_definition(const duetime_job* job, Get&& get) noexcept {
  return of_definition<int32_t>(job, 0, 0, get);
}

int32_t status_of(const JobRecord& record) {
  if (!record.job) return DUETIME_JOB_UNREADABLE;
  switch (record.position.status) {
    case JobStatus::kScheduled:
      return DUETIME_JOB_SCHEDULED;
    case JobStatus::kPaused:
      return DUETIME_JOB_PAUSED;
    case JobStatus::kFinishing:
      return DUETIME_JOB_FINISHING;
  }
  return DUETIME_JOB_UNREADABLE;
}

const Job& definition_of(const StoredJob& stored) {
  if (stored.record.job) return *stored.record.job;
  throw Error(ErrorCode::kUnsupported,
              "job '" + stored.record.id + "' cannot be read here: " + stored.record.unreadable);
}

const std::string kNoEncoding = "none";

}  // namespace

const char* duetime_job_id(const duetime_job* job) {
  return answer<const char*>(nullptr, [&] { return Use<duetime_job>(job)->stored.record.id.c_str(); });
}

const char* duetime_job_name(const duetime_job* job) {
  return text_of_definition(job, [](const Job& d) -> const std::string& { return d.display_name(); });
}

const char* duetime_job_task(const duetime_job* job) {
  return text_of_definition(job, [](const Job& d) -> const std::string& { return d.task; });
}

const char* duetime_job_executor(const duetime_job* job) {
  return text_of_definition(job, [](const Job& d) -> const std::string& { return d.executor; });
}

const char* duetime_job_store(const duetime_job* job) {
  return answer<const char*>(nullptr, [&] { return Use<duetime_job>(job)->stored.store.c_str(); });
}

const char* duetime_job_error(const duetime_job* job) {
  return answer<const char*>(nullptr,
                             [&] { return Use<duetime_job>(job)->stored.record.unreadable.c_str(); });
}

int32_t duetime_job_status(const duetime_job* job) {
  return answer<int32_t>(0, [&] { return status_of(Use<duetime_job>(job)->stored.record); });
}

int32_t duetime_job_coalesce(const duetime_job* job) {
  return number_of_definition(job, [](const Job& d) { return d.coalesce ? 1 : 0; });
}

int32_t duetime_job_max_instances(const duetime_job* job) {
  return number_of_definition(job, [](const Job& d) { return d.max_instances; });
}

int32_t duetime_job_recover(const duetime_job* job) {
  return number_of_definition(job, [](const Job& d) { return d.recover ? 1 : 0; });
}

int64_t duetime_job_revision(const duetime_job* job) {
  return answer<int64_t>(0, [&] {
    const Use<duetime_job> use(job);
    return use->stored.record.job ? use->stored.record.position.revision : 0;
  });
}

duetime_duration duetime_job_misfire_grace(const duetime_job* job) {
  return of_definition<duetime_duration>(job, 0, 0, [](const Job& d) {
    return d.misfire_grace ? d.misfire_grace->count() : DUETIME_DURATION_UNLIMITED;
  });
}

duetime_time duetime_job_next_run_time(const duetime_job* job) {
  return answer<duetime_time>(DUETIME_TIME_NONE, [&] {
    const Use<duetime_job> use(job);
    return use->stored.record.job ? to_c_time(use->stored.record.position.next_run_time) : DUETIME_TIME_NONE;
  });
}

uint32_t duetime_job_tag_count(const duetime_job* job) {
  return of_definition<uint32_t>(job, 0, 0,
                                 [](const Job& d) { return static_cast<uint32_t>(d.tags.size()); });
}

const char* duetime_job_tag(const duetime_job* job, uint32_t index) {
  return of_definition<const char*>(job, nullptr, nullptr, [&](const Job& d) {
    return index < d.tags.size() ? d.tags[index].c_str() : nullptr;
  });
}

const char* duetime_job_payload_encoding(const duetime_job* job) {
  return text_of_definition(job, [](const Job& d) -> const std::string& {
    return d.payload.encoding.empty() ? kNoEncoding : d.payload.encoding;
  });
}

const void* duetime_job_payload(const duetime_job* job, size_t* out_size) {
  if (out_size != nullptr) *out_size = 0;
  return of_definition<const void*>(job, nullptr, nullptr, [&](const Job& d) {
    if (out_size != nullptr) *out_size = d.payload.data.size();
    return d.payload.data.data();
  });
}

void* duetime_job_live_payload(const duetime_job* job) {
  return of_definition<void*>(job, nullptr, nullptr, [](const Job& d) { return d.payload.live.get(); });
}

duetime_status duetime_job_trigger(const duetime_job* job, duetime_trigger** out_trigger) {
  return guard([&] {
    const Use<duetime_job> use(job);
    duetime_trigger*& out = output(out_trigger, "out_trigger");
    out = make_handle<duetime_trigger>(definition_of(use->stored).trigger);
  });
}

duetime_status duetime_job_to_json(const duetime_job* job, char** out_json) {
  return guard([&] {
    const Use<duetime_job> use(job);
    char*& out = output(out_json, "out_json");
    out = to_c_text(job_to_text(definition_of(use->stored)));
  });
}

void duetime_job_destroy(duetime_job* job) { close_handle(job); }

size_t duetime_job_list_size(const duetime_job_list* list) {
  return answer<size_t>(0, [&] { return Use<duetime_job_list>(list)->jobs.size(); });
}

duetime_status duetime_job_list_at(const duetime_job_list* list, size_t index, duetime_job** out_job) {
  return guard([&] {
    const Use<duetime_job_list> use(list);
    duetime_job*& out = output(out_job, "out_job");
    if (index >= use->jobs.size()) {
      refuse("index is " + std::to_string(index) + "; the list has " + std::to_string(use->jobs.size()) +
             " jobs");
    }
    out = make_handle<duetime_job>(use->jobs[index]);
  });
}

void duetime_job_list_destroy(duetime_job_list* list) { close_handle(list); }
