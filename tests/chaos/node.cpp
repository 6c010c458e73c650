// A node of a cluster that is tried with faults (tests/chaos/run). It joins the store of a URL, runs the task
// of all jobs and writes a line at the start and at the end of each run, so that a checker can tell
// afterwards what was executed:
//
//   up <node> <pid>
//   start|end <run id> <job> <scheduled> <attempt> <node> <fence> <boot time of the claim> <boot time>
//
// A line is one write(2) to a file opened with O_APPEND: it is there wholly or not at all, whenever the node
// is killed. Times are microseconds. The node ends well when its standard input does.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/executors/thread_pool.h"
#include "core/jobs/job_document.h"
#include "core/jobstores/registry.h"
#include "core/scheduler/run_planner.h"
#include "core/scheduler/scheduler.h"
#include "tests/chaos/crashing_store.h"
#include "tests/chaos/run_log.h"
#include "tests/chaos/storm.h"

namespace duetime {
namespace {

constexpr const char* kUsage =
    "usage: duetime_chaos_node run URL --log FILE [--lease-ms N] [--threads N] [--refuse 1] [--crash "
    "FUNCTION:WHEN:CALL]\n"
    "                              [--descriptors N]\n"
    "       duetime_chaos_node probe -                 (URLs of stores on standard input, one a line)\n"
    "       duetime_chaos_node storm URL --log FILE --name NAME --seed N --calls N\n"
    "       duetime_chaos_node add URL [--crash ...]   (job documents on standard input, one a line)\n";

constexpr const char* kTask = "tests.chaos.work:work";  // work.py has it for nodes in Python
constexpr std::size_t kKeepAllRuns = 100'000'000;
constexpr std::size_t kJobsAtOnce = 500;

struct Arguments {
  std::string command;
  std::string url;
  std::map<std::string, std::string> options;

  std::string text(const std::string& name) const {
    const auto found = options.find(name);
    if (found == options.end()) throw Error(ErrorCode::kInvalidArgument, "--" + name + " is missing");
    return found->second;
  }

  int64_t number(const std::string& name, int64_t absent) const {
    if (!options.contains(name)) return absent;
    const std::string value = text(name);
    int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size()) {
      throw Error(ErrorCode::kInvalidArgument, "--" + name + " " + in_quotes(value) + ": expected a number");
    }
    return number;
  }
};

Arguments parse(const std::vector<std::string>& words) {
  if (words.size() < 2 || words.size() % 2 != 0) throw Error(ErrorCode::kInvalidArgument, kUsage);
  Arguments arguments{words[0], words[1], {}};
  for (std::size_t i = 2; i < words.size(); i += 2) {
    if (!words[i].starts_with("--")) throw Error(ErrorCode::kInvalidArgument, kUsage);
    arguments.options[words[i].substr(2)] = words[i + 1];
  }
  return arguments;
}

JobStorePtr make_store(const Arguments& arguments) {
  JobStorePtr store = make_job_store_from_url(arguments.url);
  if (!arguments.options.contains("crash")) return store;
  return make_crashing_store(std::move(store), parse_crash_point(arguments.text("crash")));
}

void write_run(const RunLog& log, const char* what, const TaskCall& call) {
  log.write_timed(std::string(what) + " " + to_string(call.run.id) + " " + call.claim.record.id + " " +
                  std::to_string(to_micros(call.run.scheduled_time)) + " " +
                  std::to_string(call.run.attempt) + " " + to_string(call.claim.owner) + " " +
                  std::to_string(call.claim.fence) + " " +
                  std::to_string(call.claim.claimed_boot_time.count()));
}

// The first of the job's arguments: how many milliseconds it works.
int64_t work_of(const Job& job) {
  if (job.payload.encoding == "none") return 0;
  return Json::parse(job.payload.data).at("args").at(0).get<int64_t>();
}

void add_executor_and_store(Scheduler& scheduler, const Arguments& arguments) {
  ThreadPoolOptions pool;
  pool.workers = static_cast<std::size_t>(arguments.number("threads", 8));
  scheduler.add_executor("default", make_thread_pool(pool));
  scheduler.add_store("default", make_store(arguments));
}

SchedulerOptions options_from(const Arguments& arguments) {
  SchedulerOptions options;
  options.lease = std::chrono::milliseconds(arguments.number("lease-ms", 1'000));
  options.retry_interval_max = std::chrono::milliseconds(500);
  options.retention.max_count = kKeepAllRuns;
  return options;
}

void await_end_of_input() {
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

// A store that cannot be reached at the start is tried again; nothing else would be a node that survives.
void start(Scheduler& scheduler) {
  for (;;) {
    try {
      return scheduler.start(true);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kStoreUnavailable && error.code() != ErrorCode::kTimeout) throw;
      std::cerr << "start: " << error.what() << std::endl;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
}

// The run is given back: another node may be able to do it.
TaskOutcome refusal() {
  TaskOutcome outcome;
  outcome.kind = TaskOutcome::Kind::kCannotRun;
  outcome.error_message = "not here";
  return outcome;
}

void limit_descriptors(int64_t most) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = static_cast<rlim_t>(most);
  setrlimit(RLIMIT_NOFILE, &limit);
}

void run(const Arguments& arguments) {
  signal(SIGXFSZ, SIG_IGN);  // a file that is too large is an error, not a death
  if (arguments.options.contains("descriptors")) limit_descriptors(arguments.number("descriptors", 0));
  const RunLog log(arguments.text("log"));
  const bool refuses = arguments.number("refuse", 0) != 0;
  Scheduler scheduler(options_from(arguments));
  add_executor_and_store(scheduler, arguments);
  scheduler.register_task(kTask, [&](const TaskCall& call) {
    if (refuses) return refusal();
    write_run(log, "start", call);
    std::this_thread::sleep_for(std::chrono::milliseconds(work_of(*call.claim.record.job)));
    write_run(log, "end", call);
    return TaskOutcome{};
  });
  start(scheduler);
  log.write("up " + to_string(scheduler.health().node) + " " + std::to_string(getpid()));
  scheduler.resume();
  await_end_of_input();
  scheduler.shutdown();
}

// Also if that has passed: on a slow machine the workload's beginning may.
JobPosition at_its_first_fire(const Job& job) {
  JobPosition position;
  position.status = JobStatus::kScheduled;
  position.fire_time = job.trigger->next_fire_time(std::nullopt, kEarliestInstant);
  position.next_run_time = position.fire_time;
  return position;
}

void add(const Arguments& arguments) {
  Scheduler scheduler;
  add_executor_and_store(scheduler, arguments);
  std::vector<JobRequest> jobs;
  for (std::string line; std::getline(std::cin, line);) {
    Job job = *job_from_text(line);
    const JobPosition first = at_its_first_fire(job);
    jobs.push_back({std::move(job), first});
    if (jobs.size() == kJobsAtOnce) scheduler.add_jobs("default", std::exchange(jobs, {}));
  }
  scheduler.add_jobs("default", std::move(jobs));
}

// Asks the store everything a node does, once. All that may come of it is an answer or an error.
void ask(JobStore& store) {
  const CallTime time{system_clock()->now(), system_clock()->boot_time()};
  const ClaimRequest request{.owner = make_uuid(),
                             .claim_id = make_uuid(),
                             .time = time,
                             .boot_id = system_clock()->boot_id(),
                             .lease = std::chrono::seconds(30),
                             .limit = kJobsAtOnce};
  store.open();
  store.list({});
  store.list_runs({});
  ClaimRequest reclaiming = request;
  reclaiming.claim_id = make_uuid();
  store.reclaim_expired(reclaiming);
  std::vector<RunEnd> ends;
  for (const ClaimPtr& claim : store.claim_due(request, plan_runs).claims) {
    ends.push_back({claim, 0, RunState::kSucceeded, time.now, time.now, {}});
  }
  store.complete(ends, time);
  store.prune_runs({}, time.now);
  store.close();
}

void probe() {
  for (std::string url; std::getline(std::cin, url);) {
    try {
      ask(*make_job_store_from_url(url));
      std::cout << "answered" << std::endl;
    } catch (const Error& error) {
      std::cout << "error " << static_cast<int>(error.code()) << std::endl;
    }
  }
}

void storm(const Arguments& arguments) {
  Scheduler scheduler;
  add_executor_and_store(scheduler, arguments);
  StormOptions options{.name = arguments.text("name"), .task = kTask};
  options.seed = static_cast<uint64_t>(arguments.number("seed", 0));
  options.calls = static_cast<int>(arguments.number("calls", options.calls));
  if (!storm(scheduler, RunLog(arguments.text("log")), options)) {
    throw Error(ErrorCode::kInternal, "the storm was told what was not so");
  }
}

void dispatch(const Arguments& arguments) {
  if (arguments.command == "run") return run(arguments);
  if (arguments.command == "add") return add(arguments);
  if (arguments.command == "probe") return probe();
  if (arguments.command == "storm") return storm(arguments);
  throw Error(ErrorCode::kInvalidArgument, kUsage);
}

}  // namespace
}  // namespace duetime

int main(int count, char** words) {
  try {
    duetime::dispatch(duetime::parse({words + 1, words + count}));
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
  return 0;
}
