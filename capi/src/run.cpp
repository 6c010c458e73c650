#include "capi/src/run.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "capi/src/conversions.h"
#include "capi/src/guard.h"
#include "capi/src/handles.h"
#include "capi/src/struct_size.h"

using namespace duetime;
using namespace duetime::capi;

namespace {

constexpr const char* kFilterName = "duetime_run_filter";

constexpr std::array kStates = {
    std::pair{RunState::kClaimed, int32_t{DUETIME_RUN_CLAIMED}},
    std::pair{RunState::kSucceeded, int32_t{DUETIME_RUN_SUCCEEDED}},
    std::pair{RunState::kFailed, int32_t{DUETIME_RUN_FAILED}},
    std::pair{RunState::kMissed, int32_t{DUETIME_RUN_MISSED}},
    std::pair{RunState::kRefused, int32_t{DUETIME_RUN_REFUSED}},
    std::pair{RunState::kAbandoned, int32_t{DUETIME_RUN_ABANDONED}},
};

int32_t to_c_state(RunState state) {
  return std::ranges::find(kStates, state, [](const auto& pair) { return pair.first; })->second;
}

std::optional<RunState> find_state(int32_t state) {
  const auto found = std::ranges::find(kStates, state, [](const auto& pair) { return pair.second; });
  return found == kStates.end() ? std::nullopt : std::optional(found->first);
}

duetime_run to_c(const RunListObject::Entry& entry) {
  const RunRecord& run = entry.run.record;
  duetime_run result{};
  result.state = to_c_state(run.state);
  result.attempt = run.attempt;
  result.id = entry.id.c_str();
  result.job_id = run.job_id.c_str();
  result.task = run.task.c_str();
  result.store = entry.run.store.c_str();
  result.node = entry.node.c_str();
  result.error = run.error.c_str();
  result.fence = run.fence;
  result.job_revision = run.job_revision;
  result.scheduled_time = to_micros(run.scheduled_time);
  result.claimed_at = to_micros(run.claimed_at);
  result.started_at = to_c_time(run.started_at);
  result.ended_at = to_c_time(run.ended_at);
  result.lease_until = to_c_time(run.lease_until);
  return result;
}

duetime_parked_job to_c(const ParkedJob& job) {
  return {0, 0, job.id.c_str(), job.store.c_str(), job.reason.c_str()};
}

// As much as the caller has room for; struct_size then says how much that was.
template <class Struct>
void give_struct(Struct made, Struct& out, const char* name) {
  check_struct_size(out.struct_size, sizeof(Struct), name);
  made.struct_size = static_cast<uint32_t>(std::min<std::size_t>(out.struct_size, sizeof(Struct)));
  std::memcpy(&out, &made, made.struct_size);
}

template <class Entry>
const Entry& entry_at(const std::vector<Entry>& entries, size_t index) {
  if (index < entries.size()) return entries[index];
  refuse("index is " + std::to_string(index) + "; the list has " + std::to_string(entries.size()) +
         " entries");
}

}  // namespace

namespace duetime::capi {

RunFilter to_run_filter(const duetime_run_filter& given) {
  const duetime_run_filter filter = read_struct(given, DUETIME_RUN_FILTER_INIT, kFilterName);
  RunFilter wanted;
  if (filter.job_id != nullptr) wanted.job_id = required_text(filter.job_id, "job_id");
  if (filter.state != 0) wanted.state = find_state(filter.state);
  if (filter.state != 0 && !wanted.state) {
    refuse("state is " + std::to_string(filter.state) + "; expected DUETIME_RUN_... or 0");
  }
  wanted.scheduled_from = optional_instant(filter.scheduled_from, "scheduled_from");
  wanted.scheduled_until = optional_instant(filter.scheduled_until, "scheduled_until");
  if (filter.limit == 0) refuse("limit is 0; expected at least 1");
  wanted.limit = filter.limit;
  return wanted;
}

}  // namespace duetime::capi

const char* duetime_run_state_name(int32_t state) {
  const std::optional<RunState> found = find_state(state);
  return found ? to_string(*found) : "unknown state";
}

size_t duetime_run_list_size(const duetime_run_list* list) {
  return answer<size_t>(0, [&] { return Use<duetime_run_list>(list)->runs.size(); });
}

duetime_status duetime_run_list_at(const duetime_run_list* list, size_t index, duetime_run* out_run) {
  return guard([&] {
    const Use<duetime_run_list> use(list);
    give_struct(to_c(entry_at(use->runs, index)), output(out_run, "out_run"), "duetime_run");
  });
}

void duetime_run_list_destroy(duetime_run_list* list) { close_handle(list); }

size_t duetime_parked_list_size(const duetime_parked_list* list) {
  return answer<size_t>(0, [&] { return Use<duetime_parked_list>(list)->jobs.size(); });
}

duetime_status duetime_parked_list_at(const duetime_parked_list* list, size_t index,
                                      duetime_parked_job* out_job) {
  return guard([&] {
    const Use<duetime_parked_list> use(list);
    give_struct(to_c(entry_at(use->jobs, index)), output(out_job, "out_job"), "duetime_parked_job");
  });
}

void duetime_parked_list_destroy(duetime_parked_list* list) { close_handle(list); }
