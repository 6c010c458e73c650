// Stories on a clock that waits for the test.
#include "core/scheduler/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "core/base/error.h"
#include "core/triggers/cron.h"
#include "tests/support/hosted_scheduler.h"

namespace duetime {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

ErrorCode code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode{0};
}

std::vector<uint64_t> codes(const std::vector<Event>& events) {
  std::vector<uint64_t> result;
  for (const Event& event : events) result.push_back(event.code);
  return result;
}

TEST(Scheduler, RunsWhatFallsDueInOrder) {
  HostedScheduler host;
  host.started();
  host.scheduler.add_job("default", every(minutes(10), at("10:10:00"), "slow"));
  host.scheduler.add_job("default", every(minutes(4), at("10:04:00"), "fast"));
  host.scheduler.add_job("default", once(at("10:08:00"), "once"));
  host.advance(minutes(12));
  using Call = HostedScheduler::Call;
  EXPECT_THAT(host.calls, ElementsAre(Call{"fast", at("10:04:00"), 1}, Call{"fast", at("10:08:00"), 1},
                                      Call{"once", at("10:08:00"), 1}, Call{"slow", at("10:10:00"), 1},
                                      Call{"fast", at("10:12:00"), 1}));
  EXPECT_FALSE(host.scheduler.find_job("", "once"));
}

TEST(Scheduler, TellsListenersTheStoryOfAOneShot) {
  HostedScheduler host;
  host.started();
  host.scheduler.add_job("default", once(at("10:00:05")));
  host.advance(seconds(10));
  EXPECT_THAT(codes(host.events_of(kAllEvents)),
              ElementsAre(kSchedulerStarted | 0, kJobAdded | 0, kJobSubmitted | 0, kJobExecuted | 0,
                          kJobRemoved | 0));
}

TEST(Scheduler, AFailingTaskIsAnEventAndTheJobGoesOn) {
  HostedScheduler host;
  host.body = [](const TaskCall&) -> TaskOutcome { throw std::runtime_error("disk on fire"); };
  host.started();
  host.scheduler.add_job("default", every(seconds(5), at("10:00:05")));
  host.advance(seconds(10));
  const auto errors = host.events_of(kJobError);
  ASSERT_THAT(errors, SizeIs(2));
  EXPECT_EQ(errors[0].error, "disk on fire");
  const auto runs = host.scheduler.list_runs("default", {});
  ASSERT_THAT(runs, SizeIs(2));
  EXPECT_EQ(runs[0].record.state, RunState::kFailed);
  EXPECT_THAT(runs[0].record.error, HasSubstr("disk on fire"));
}

TEST(Scheduler, CatchesUpWithOneRunAfterALongSleep) {
  HostedScheduler host;
  host.started();
  Job job = every(seconds(1), at("10:00:01"));
  job.misfire_grace = std::nullopt;
  host.scheduler.add_job("default", job);
  host.clock->advance(hours(24 * 365));
  host.scheduler.run_pending();
  EXPECT_THAT(host.calls, SizeIs(1));
}

TEST(Scheduler, MissedRunsAreEventsAndRecords) {
  HostedScheduler host;
  host.started();
  host.scheduler.add_job("default", once(at("10:00:01")));
  host.clock->advance(minutes(1));
  host.scheduler.run_pending();
  EXPECT_THAT(host.calls, IsEmpty());
  EXPECT_THAT(host.events_of(kJobMissed), SizeIs(1));
  EXPECT_THAT(host.events_of(kJobRemoved), SizeIs(1));
  const auto runs = host.scheduler.list_runs("default", {});
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].record.state, RunState::kMissed);
  EXPECT_THAT(host.logged, Contains(HasSubstr("Run time of job \"task\" was missed by 0:00:59.000000")));
}

TEST(Scheduler, AJobMayAddItselfAgainFromWithin) {
  HostedScheduler host;
  int left = 3;
  host.body = [&](const TaskCall& call) {
    if (--left > 0) host.scheduler.add_job("default", once(call.run.scheduled_time + seconds(2)));
    return TaskOutcome{};
  };
  host.started();
  host.scheduler.add_job("default", once(at("10:00:01")));
  host.advance(minutes(1));
  EXPECT_THAT(host.run_times(), ElementsAre(at("10:00:01"), at("10:00:03"), at("10:00:05")));
  EXPECT_FALSE(host.scheduler.find_job("", "job"));
}

TEST(Scheduler, PausedJobsWaitAndResumeFromNow) {
  HostedScheduler host;
  host.started();
  host.scheduler.add_job("default", every(minutes(1), at("10:01:00")));
  host.scheduler.pause_job("", "job");
  host.advance(minutes(5));
  EXPECT_THAT(host.calls, IsEmpty());
  EXPECT_EQ(host.scheduler.resume_job("", "job")->record.position.next_run_time, at("10:05:00"));
  host.advance(minutes(1));
  EXPECT_THAT(host.run_times(), ElementsAre(at("10:05:00"), at("10:06:00")));
}

TEST(Scheduler, ResumingASpentJobRemovesIt) {
  HostedScheduler host;
  host.started();
  const TriggerPtr trigger = make_interval_trigger(
      IntervalRule{.interval = minutes(1), .start = at("10:01:00"), .end = at("10:02:00")});
  host.scheduler.add_job("default", job_with(trigger));
  host.scheduler.pause_job("", "job");
  host.advance(minutes(5));
  EXPECT_FALSE(host.scheduler.resume_job("", "job"));
  EXPECT_FALSE(host.scheduler.find_job("", "job"));
}

TEST(Scheduler, EditsKeepThePositionUnlessToldOtherwise) {
  HostedScheduler host;
  host.started();
  host.scheduler.add_job("default", every(minutes(1), at("10:01:00")));
  const StoredJob renamed =
      host.scheduler.edit_job("", "job", [](Job& job, JobPosition&) { job.name = "tick"; });
  EXPECT_EQ(renamed.record.job->name, "tick");
  EXPECT_EQ(renamed.record.position.next_run_time, at("10:01:00"));
  host.scheduler.edit_job("", "job",
                          [](Job&, JobPosition& position) { position.next_run_time = at("10:00:30"); });
  host.advance(minutes(2));
  EXPECT_THAT(host.run_times(), ElementsAre(at("10:00:30"), at("10:01:30")));
}

TEST(Scheduler, AnEditThatIsRefusedChangesNothing) {
  HostedScheduler host;
  host.started();
  host.scheduler.add_job("default", every(minutes(1), at("10:01:00")));
  EXPECT_EQ(code_of([&] {
              host.scheduler.edit_job("", "job", [](Job& job, JobPosition&) { job.max_instances = 0; });
            }),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(
      code_of([&] { host.scheduler.edit_job("", "job", [](Job& job, JobPosition&) { job.id = "x"; }); }),
      ErrorCode::kInvalidArgument);
  EXPECT_EQ(host.scheduler.find_job("", "job")->record.job->max_instances, 1);
}

TEST(Scheduler, BadInputIsRefusedByName) {
  HostedScheduler host;
  host.started();
  host.scheduler.add_job("default", every(minutes(1), at("10:01:00")));
  const auto add = [&](const std::string& store, Job job) { host.scheduler.add_job(store, std::move(job)); };
  EXPECT_EQ(code_of([&] { add("default", every(minutes(1), at("10:01:00"))); }), ErrorCode::kConflict);
  EXPECT_EQ(code_of([&] { add("nowhere", once(at("10:01:00"), "x")); }), ErrorCode::kNotFound);
  EXPECT_EQ(code_of([&] { add("default", once(at("10:01:00"), std::string(192, 'x'))); }),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of([&] { host.scheduler.remove_job("", "ghost"); }), ErrorCode::kNotFound);
  EXPECT_EQ(code_of([&] { host.scheduler.pause_job("nowhere", "job"); }), ErrorCode::kNotFound);
  EXPECT_EQ(code_of([&] { host.scheduler.add_store("default", make_memory_job_store()); }),
            ErrorCode::kConflict);
  EXPECT_EQ(code_of([&] { host.scheduler.add_executor("default", make_inline_executor()); }),
            ErrorCode::kConflict);
  EXPECT_EQ(code_of([&] { host.scheduler.start(); }), ErrorCode::kAlreadyRunning);
}

TEST(Scheduler, AnUnknownTaskIsParkedUntilItIsRegistered) {
  HostedScheduler host;
  host.started();
  Job job = once(at("10:00:01"));
  job.task = "reports.daily";
  host.scheduler.add_job("default", job);
  host.clock->advance(seconds(1));
  host.scheduler.run_pending();
  EXPECT_THAT(host.events_of(kJobParked), SizeIs(1));
  const auto parked = host.scheduler.list_parked();
  ASSERT_THAT(parked, SizeIs(1));
  EXPECT_EQ(parked[0].id, "job");
  EXPECT_THAT(parked[0].reason, HasSubstr("'reports.daily' is not known"));
  EXPECT_TRUE(host.scheduler.find_job("", "job"));

  int runs = 0;
  host.scheduler.register_task("reports.daily", [&](const TaskCall&) {
    ++runs;
    return TaskOutcome{};
  });
  host.scheduler.run_pending();
  EXPECT_EQ(runs, 1);
  EXPECT_THAT(host.scheduler.list_parked(), IsEmpty());
}

TEST(Scheduler, AMissingExecutorParksTheJobUntilItIsReleased) {
  HostedScheduler host;
  host.started();
  Job job = once(at("10:00:01"));
  job.executor = "gpu";
  host.scheduler.add_job("default", job);
  host.advance(minutes(5));
  EXPECT_THAT(host.scheduler.list_parked(), SizeIs(1));
  host.scheduler.edit_job("", "job", [](Job& edited, JobPosition&) { edited.executor = "default"; });
  EXPECT_EQ(code_of([&] { host.scheduler.release_parked("", "job"); }), ErrorCode::kNotFound);

  Job other = once(at("10:05:01"), "other");
  other.executor = "gpu";
  host.scheduler.add_job("default", other);
  host.advance(minutes(5));
  host.scheduler.add_executor("gpu", make_inline_executor());
  host.scheduler.run_pending();
  EXPECT_THAT(host.scheduler.list_parked(), IsEmpty());
}

TEST(Scheduler, ReleasingAParkedJobRunsWhatWasDueMeanwhile) {
  HostedScheduler host;
  bool decodable = false;
  host.body = [&](const TaskCall&) {
    TaskOutcome outcome;
    if (!decodable) {
      outcome.kind = TaskOutcome::Kind::kCannotRun;
      outcome.error_message = "class Invoice has gone";
    }
    return outcome;
  };
  host.started();
  host.scheduler.add_job("default", every(hours(1), at("10:00:01")));
  host.advance(minutes(5));
  ASSERT_THAT(host.scheduler.list_parked(), SizeIs(1));
  EXPECT_EQ(host.scheduler.list_parked()[0].reason, "class Invoice has gone");
  EXPECT_THAT(host.events_of(kJobExecuted | kJobError), IsEmpty());

  decodable = true;
  host.scheduler.release_parked("", "job");
  host.advance(hours(1));
  EXPECT_THAT(host.events_of(kJobExecuted), Not(IsEmpty()));
  EXPECT_THAT(host.scheduler.list_parked(), IsEmpty());
}

TEST(Scheduler, PauseStopsAllClaimsAndResumeCatchesUp) {
  HostedScheduler host;
  host.started();
  Job job = every(minutes(1), at("10:01:00"));
  job.misfire_grace = std::nullopt;
  host.scheduler.add_job("default", job);
  host.scheduler.pause();
  EXPECT_EQ(host.scheduler.state(), SchedulerState::kPaused);
  host.advance(minutes(3));
  EXPECT_THAT(host.calls, IsEmpty());
  host.scheduler.resume();
  host.scheduler.run_pending();
  EXPECT_THAT(host.run_times(), ElementsAre(at("10:03:00")));
}

TEST(Scheduler, MayBeShutDownFromWithinAJobAndStartedAgain) {
  HostedScheduler host;
  host.body = [&](const TaskCall&) {
    host.scheduler.shutdown();
    return TaskOutcome{};
  };
  host.started();
  host.scheduler.add_job("default", every(minutes(1), at("10:01:00")));
  host.clock->advance(minutes(1));
  host.scheduler.run_pending();
  EXPECT_EQ(host.scheduler.state(), SchedulerState::kStopped);
  EXPECT_THAT(host.calls, SizeIs(1));
  EXPECT_EQ(code_of([&] { host.scheduler.shutdown(); }), ErrorCode::kNotRunning);

  host.body = [](const TaskCall&) { return TaskOutcome{}; };
  host.started();
  host.advance(minutes(1));
  EXPECT_THAT(host.calls, SizeIs(2));
  const auto runs = host.scheduler.list_runs("default", {});
  ASSERT_THAT(runs, SizeIs(2));
  EXPECT_EQ(runs[1].record.state, RunState::kSucceeded);
}

TEST(Scheduler, AListenerMayThrowAndChangeListeners) {
  HostedScheduler host;
  host.scheduler.add_listener(kJobExecuted, [](const Event&) { throw std::runtime_error("listener broke"); });
  ListenerId own = 0;
  int heard = 0;
  own = host.scheduler.add_listener(kJobExecuted, [&](const Event&) {
    ++heard;
    host.scheduler.remove_listener(own);
  });
  host.started();
  host.scheduler.add_job("default", every(minutes(1), at("10:01:00")));
  host.advance(minutes(3));
  EXPECT_EQ(heard, 1);
  EXPECT_THAT(host.calls, SizeIs(3));
  EXPECT_THAT(host.logged, Contains(HasSubstr("listener broke")));
}

TEST(Scheduler, WakesForAnEarlierJob) {
  HostedScheduler host;
  host.started();
  host.scheduler.add_job("default", every(hours(5), at("15:00:00"), "late"));
  host.scheduler.run_pending();
  host.scheduler.add_job("default", once(at("10:00:01"), "early"));
  EXPECT_EQ(host.scheduler.run_pending(), at("10:00:01"));
}

TEST(Scheduler, AClockSetBackFiresNothingTwice) {
  HostedScheduler host;
  host.started();
  host.scheduler.add_job("default", every(minutes(1), at("10:01:00")));
  host.advance(minutes(2));
  EXPECT_THAT(host.calls, SizeIs(2));
  host.clock->set(at("09:00:00"));
  host.scheduler.run_pending();
  EXPECT_THAT(host.events_of(kClockChanged), SizeIs(1));
  host.advance(hours(1) + minutes(2));
  EXPECT_THAT(host.calls, SizeIs(2));
  host.advance(minutes(1));
  EXPECT_THAT(host.run_times(), ElementsAre(at("10:01:00"), at("10:02:00"), at("10:03:00")));
}

TEST(Scheduler, AJobThatNeverFiresIsNotAdded) {
  HostedScheduler host;
  host.started();
  const TriggerPtr trigger = make_interval_trigger(
      IntervalRule{.interval = minutes(1), .start = at("08:00:00"), .end = at("09:00:00")});
  EXPECT_FALSE(host.scheduler.add_job("default", job_with(trigger)));
  EXPECT_FALSE(host.scheduler.find_job("", "job"));
}

TEST(Scheduler, AddsManyOrNone) {
  HostedScheduler host;
  host.started();
  host.scheduler.add_job("default", once(at("10:05:00"), "b"));
  std::vector<JobRequest> requests;
  for (const char* id : {"a", "b", "c"}) requests.push_back({once(at("10:01:00"), id), std::nullopt});
  EXPECT_EQ(code_of([&] { host.scheduler.add_jobs("default", requests); }), ErrorCode::kConflict);
  EXPECT_FALSE(host.scheduler.find_job("", "a"));
  host.scheduler.add_jobs("default", requests, OnConflict::kReplace);
  host.advance(minutes(2));
  EXPECT_THAT(host.calls, SizeIs(3));
}

}  // namespace
}  // namespace duetime
