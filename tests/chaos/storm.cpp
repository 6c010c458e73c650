#include "tests/chaos/storm.h"

#include <atomic>
#include <iostream>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "core/triggers/interval.h"

namespace duetime {
namespace {

constexpr Duration kInterval = std::chrono::milliseconds(50);
constexpr const char* kStore = "default";

// What one thread does to one of its jobs, and what it knows of it. Nobody else changes the job.
class OwnJob {
 public:
  OwnJob(Scheduler& scheduler, const RunLog& log, std::string id, std::string task)
      : scheduler_(scheduler), log_(log), id_(std::move(id)), task_(std::move(task)) {}

  void change(uint64_t choice) {
    if (state_ == State::kUnknown || choice % 5 == 0) return remove();
    if (state_ == State::kAbsent || choice % 5 == 1) return add();
    if (choice % 5 == 2) return move();
    state_ == State::kPaused ? resume() : pause();
  }

  void remove() {
    // Whether it is there is not always known here.
    call(State::kAbsent, [&] {
      try {
        scheduler_.remove_job(kStore, id_);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kNotFound) throw;
      }
    });
    if (state_ == State::kAbsent) log_.write_timed("stopped " + id_);
  }

  // Empty if the store has it as it should be.
  std::string wrong() const {
    if (state_ == State::kUnknown) return {};
    std::optional<StoredJob> found;
    try {
      found = scheduler_.find_job(kStore, id_);
    } catch (const Error&) {
      return {};  // cannot be told now
    }
    const State stored = !found                                                ? State::kAbsent
                         : found->record.position.status == JobStatus::kPaused ? State::kPaused
                                                                               : State::kScheduled;
    return stored == state_ ? "" : id_ + " is " + name(stored) + ", expected " + name(state_);
  }

 private:
  enum class State { kUnknown, kAbsent, kScheduled, kPaused };

  static std::string name(State state) {
    constexpr const char* kNames[] = {"unknown", "absent", "scheduled", "paused"};
    return kNames[static_cast<int>(state)];
  }

  void add() {
    going();
    Job job;
    job.id = id_;
    job.task = task_;
    job.trigger = make_interval_trigger(IntervalRule{.interval = kInterval, .start = system_clock()->now()});
    job.misfire_grace.reset();
    call(State::kScheduled, [&] { scheduler_.add_job(kStore, job, OnConflict::kReplace); });
  }

  void pause() {
    call(State::kPaused, [&] { scheduler_.pause_job(kStore, id_); });
    if (state_ == State::kPaused) log_.write_timed("stopped " + id_);
  }

  void resume() {
    going();
    call(State::kScheduled, [&] { scheduler_.resume_job(kStore, id_); });
  }

  void move() {
    if (state_ != State::kScheduled) return;
    call(State::kScheduled, [&] {
      scheduler_.edit_job(kStore, id_, [](Job&, JobPosition& position) {
        position.next_run_time = system_clock()->now() + kInterval;
        position.fire_time = position.next_run_time;
      });
    });
  }

  void going() const { log_.write_timed("going " + id_); }

  template <typename Call>
  void call(State then, Call make) {
    state_ = State::kUnknown;
    try {
      make();
      state_ = then;
    } catch (const Error& error) {
      std::cerr << "storm: " << id_ << ": " << error.what() << std::endl;
    }
  }

  Scheduler& scheduler_;
  const RunLog& log_;
  const std::string id_;
  const std::string task_;
  State state_ = State::kAbsent;
};

bool change_own_jobs(Scheduler& scheduler, const RunLog& log, const StormOptions& options, int thread) {
  std::mt19937_64 random(options.seed + static_cast<uint64_t>(thread));
  std::vector<OwnJob> jobs;
  for (int i = 0; i < options.jobs; ++i) {
    jobs.emplace_back(scheduler, log, options.name + "-" + std::to_string(thread) + "-" + std::to_string(i),
                      options.task);
  }
  bool well = true;
  const auto look = [&](const OwnJob& job) {
    const std::string wrong = job.wrong();
    if (wrong.empty()) return;
    std::cerr << "wrong: " << wrong << std::endl;
    well = false;
  };
  for (int i = 0; i < options.calls; ++i) {
    OwnJob& job = jobs[random() % jobs.size()];
    job.change(random());
    look(job);
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 20));  // for the nodes to run something
  }
  for (OwnJob& job : jobs) {
    job.remove();
    look(job);
  }
  return well;
}

}  // namespace

bool storm(Scheduler& scheduler, const RunLog& log, const StormOptions& options) {
  std::atomic<bool> well{true};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < options.threads; ++thread) {
    threads.emplace_back([&, thread] {
      if (!change_own_jobs(scheduler, log, options, thread)) well = false;
    });
  }
  for (std::thread& thread : threads) thread.join();
  return well;
}

}  // namespace duetime
