// The schedule of examples/c/quickstart.c by the C++ interface: an interval job, a cron job and a one-shot
// job in an SQLite file, a task that fails, a listener, a few seconds of work, and a look at what is stored.
//
//   quickstart [FILE]      FILE is made anew; default duetime_quickstart.db
//
// Exit status 0 says that everything happened as promised, 1 that something did not (it says what).
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <duetime/duetime.hpp>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

namespace {

constexpr int kBeatsWanted = 5;
constexpr int kTicksWanted = 2;
constexpr std::chrono::seconds kAtMost = 60s;

// "09:30:00.250", in UTC.
std::string clock_time(duetime::TimePoint time) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(milliseconds).count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::snprintf(text, sizeof text, "%02d:%02d:%02d.%03d", parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>(milliseconds.count() % 1000));
  return text;
}

// What has happened by name, counted by tasks and the listener on several threads.
class Diary {
 public:
  void note(const std::string& what) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++counts_[what];
    changed_.notify_all();
  }

  // False if that is not so after a minute.
  bool wait_for(const std::map<std::string, int>& wanted) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, kAtMost, [&] {
      for (const auto& [what, count] : wanted) {
        if (counts_[what] < count) return false;
      }
      return true;
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> counts_;
};

// --- tasks: whatever can be called with a Call, with what it captured

void register_tasks(duetime::Scheduler& scheduler, Diary& diary) {
  const auto beat = [&diary](duetime::Call& call) {
    std::printf("  %-9s due %s  run %.8s\n", call.job_id().c_str(), clock_time(call.scheduled_time()).c_str(),
                call.run_id().c_str());
    diary.note(call.task());
  };
  scheduler.register_task("beat", beat);
  scheduler.register_task("tick", beat);
  scheduler.register_task("greet", [&diary](duetime::Call& call) {
    std::printf("  %-9s Hello, %s!\n", call.job_id().c_str(), call.payload().data.c_str());
    diary.note(call.task());
  });
  scheduler.register_task("fail", [](duetime::Call&) { throw std::runtime_error("as it was meant to"); });
}

void listen(duetime::Scheduler& scheduler, Diary& diary) {
  scheduler.add_listener(DUETIME_EVENT_JOB_EXECUTED | DUETIME_EVENT_JOB_ERROR,
                         [&diary](const duetime::Event& event) {
                           if (event.code == DUETIME_EVENT_JOB_EXECUTED) return diary.note("executed");
                           std::printf("  %-9s failed: %s: %s\n", event.job_id.c_str(),
                                       event.error_kind.c_str(), event.error.c_str());
                           diary.note(event.error_kind);
                         });
}

// --- the schedule

duetime::JobOptions job_of(const std::string& id, const std::string& task) {
  duetime::JobOptions options;
  options.id = id;
  options.task = task;
  return options;
}

void add_jobs(duetime::Scheduler& scheduler) {
  const auto soon = std::chrono::floor<duetime::Duration>(std::chrono::system_clock::now()) + 1s;
  duetime::CronFields each_second;
  each_second.second = "*";
  duetime::CronOptions in_berlin;
  in_berlin.timezone = "Europe/Berlin";
  duetime::JobOptions greeting = job_of("greeting", "greet");
  greeting.payload = {"text", "world"};

  scheduler.add_job(duetime::Trigger::interval(500ms), job_of("heartbeat", "beat"));
  scheduler.add_job(duetime::Trigger::cron(each_second, in_berlin), job_of("tick", "tick"));
  scheduler.add_job(duetime::Trigger::date(soon), greeting);
  scheduler.add_job(duetime::Trigger::date(soon), job_of("mishap", "fail"));
}

std::string file_store(const std::string& file) { return R"({"type": "sqlite", "path": ")" + file + "\"}"; }

bool run_for_a_while(const std::string& file) {
  Diary diary;  // outlives the scheduler, whose tasks write in it
  duetime::Scheduler scheduler;
  scheduler.add_store("default", file_store(file));
  register_tasks(scheduler, diary);
  listen(scheduler, diary);
  scheduler.start();
  add_jobs(scheduler);
  const bool happened = diary.wait_for({{"beat", kBeatsWanted},
                                        {"tick", kTicksWanted},
                                        {"greet", 1},
                                        {"executed", kBeatsWanted + kTicksWanted + 1},
                                        {"std::runtime_error", 1}});
  scheduler.shutdown();
  std::printf("\nThe latest three runs, as the store has them:\n");
  duetime::RunFilter latest;
  latest.limit = 3;
  for (const duetime::Run& run : scheduler.runs(latest)) {
    std::printf("  %-9s for %s: %s\n", run.job_id.c_str(), clock_time(run.scheduled_time).c_str(),
                to_string(run.state).c_str());
  }
  return happened;
}

// --- looking on

std::set<std::string> print_stored_jobs(const std::string& file) {
  duetime::Scheduler later;
  later.add_store("default", file_store(file));
  std::set<std::string> ids;
  for (const duetime::Job& job : later.jobs()) {
    const auto next = job.next_run_time();
    std::printf("  %-9s %s, next at %s\n", job.id().c_str(), job.trigger().explain().c_str(),
                next ? clock_time(*next).c_str() : "no time");
    ids.insert(job.id());
  }
  return ids;
}

bool promise(bool kept, const char* what) {
  std::printf("%s  %s\n", kept ? "ok    " : "BROKEN", what);
  return kept;
}

int show(const std::string& file) {
  std::printf("duetime %s, jobs in %s\n", duetime_version_string(), file.c_str());
  for (const char* const suffix : {"", "-wal", "-shm"}) std::remove((file + suffix).c_str());
  const bool happened = run_for_a_while(file);
  std::printf("\nWhat another scheduler finds in the file:\n");
  const std::set<std::string> stored = print_stored_jobs(file);
  std::printf("\n");
  bool kept = promise(happened, "every job ran, and the listener heard of it, also of the exception");
  kept = promise(stored.count("heartbeat") == 1 && stored.count("tick") == 1, "recurring jobs stay") && kept;
  kept = promise(stored.size() == 2, "jobs that ran their last time are gone") && kept;
  return kept ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  return show(argc > 1 ? argv[1] : "duetime_quickstart.db");
} catch (
    const std::exception& error) {  // duetime::Error, whose text says what was wrong and what was expected
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
