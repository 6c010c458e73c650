#include "core/time/clock.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <future>

#include "core/base/error.h"
#include "tests/support/times.h"

namespace duetime {
namespace {

using std::chrono::seconds;

bool readable(const Alarm& alarm) {
  pollfd entry{alarm.fd(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int reading_end() const { return ends_[0]; }
  void send() const { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }

 private:
  std::array<int, 2> ends_;
};

class ManualClockTest : public testing::Test {
 protected:
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(at("10:00:00"));
  std::unique_ptr<Alarm> alarm_ = clock_->make_alarm();
};

TEST_F(ManualClockTest, TimeMovesOnlyWhenToldTo) {
  const Duration boot = clock_->boot_time();
  EXPECT_EQ(clock_->now(), at("10:00:00"));
  clock_->advance(seconds{5});
  EXPECT_EQ(clock_->now(), at("10:00:05"));
  EXPECT_EQ(clock_->boot_time() - boot, seconds{5});
  clock_->set(at("09:00:00"));
  EXPECT_EQ(clock_->now(), at("09:00:00"));
  EXPECT_EQ(clock_->boot_time() - boot, seconds{5});
}

TEST_F(ManualClockTest, TimeDoesNotGoBackByAdvancingOrBeyondTheYear9999) {
  EXPECT_THROW(clock_->advance(Duration{-1}), Error);
  EXPECT_THROW(clock_->advance(Duration::max()), Error);
  EXPECT_EQ(clock_->now(), at("10:00:00"));
}

TEST_F(ManualClockTest, AlarmIsDueAtItsInstantAndOnlyOnce) {
  alarm_->arm(at("10:00:05"));
  EXPECT_FALSE(readable(*alarm_));
  clock_->advance(seconds{5} - Duration{1});
  EXPECT_FALSE(readable(*alarm_));
  clock_->advance(Duration{1});
  EXPECT_TRUE(readable(*alarm_));
  const WakeReason reason = alarm_->wait();
  EXPECT_FALSE(reason.rang || reason.watched || reason.clock_changed);
  EXPECT_FALSE(readable(*alarm_));
  clock_->advance(seconds{5});
  EXPECT_FALSE(readable(*alarm_));
}

TEST_F(ManualClockTest, ArmedInThePastItIsDueAtOnce) {
  alarm_->arm(at("09:00:00"));
  EXPECT_TRUE(readable(*alarm_));
}

TEST_F(ManualClockTest, ArmingAgainReplacesTheInstant) {
  alarm_->arm(at("10:00:05"));
  alarm_->arm(at("11:00:00"));
  clock_->advance(seconds{5});
  EXPECT_FALSE(readable(*alarm_));
}

TEST_F(ManualClockTest, AnAlarmThatWasDueCanBePutOff) {
  alarm_->arm(at("10:00:00"));
  alarm_->arm(at("11:00:00"));
  EXPECT_FALSE(readable(*alarm_));
}

TEST_F(ManualClockTest, PuttingOffLosesNoRing) {
  alarm_->arm(at("10:00:00"));
  alarm_->ring();
  alarm_->arm(at("11:00:00"));
  EXPECT_TRUE(readable(*alarm_));
  EXPECT_TRUE(alarm_->poll().rang);
}

TEST_F(ManualClockTest, RingsAreRememberedNotCounted) {
  alarm_->ring();
  alarm_->ring();
  EXPECT_TRUE(alarm_->poll().rang);
  EXPECT_FALSE(alarm_->poll().rang);
}

TEST_F(ManualClockTest, SettingTheClockWakesEveryAlarm) {
  const auto other = clock_->make_alarm();
  alarm_->arm(at("11:00:00"));
  clock_->set(at("09:00:00"));
  EXPECT_TRUE(alarm_->wait().clock_changed);
  EXPECT_TRUE(other->wait().clock_changed);
  EXPECT_FALSE(alarm_->poll().clock_changed);
}

TEST_F(ManualClockTest, WakesASleepingThread) {
  alarm_->arm(at("10:00:05"));
  auto sleeper = std::async(std::launch::async, [&] { return alarm_->wait(); });
  clock_->advance(seconds{5});
  EXPECT_FALSE(sleeper.get().rang);
}

TEST_F(ManualClockTest, AForgottenAlarmIsLeftAlone) {
  alarm_->arm(at("10:00:05"));
  alarm_.reset();
  clock_->advance(seconds{5});
  EXPECT_EQ(clock_->now(), at("10:00:05"));
}

// What both kinds of alarm owe.
class AlarmTest : public testing::TestWithParam<std::string> {
 protected:
  AlarmTest() : alarm_(clock()->make_alarm()) {}

  static std::shared_ptr<Clock> clock() {
    if (GetParam() == "system") return system_clock();
    return std::make_shared<ManualClock>(at("10:00:00"));
  }

  std::unique_ptr<Alarm> alarm_;
};

TEST_P(AlarmTest, NothingHappensAtFirst) {
  EXPECT_FALSE(readable(*alarm_));
  const WakeReason reason = alarm_->poll();
  EXPECT_FALSE(reason.rang || reason.watched || reason.clock_changed);
}

TEST_P(AlarmTest, RingWakesASleepingThread) {
  auto sleeper = std::async(std::launch::async, [&] { return alarm_->wait(); });
  alarm_->ring();
  EXPECT_TRUE(sleeper.get().rang);
}

TEST_P(AlarmTest, AWatchedDescriptorIsReportedOncePerArrival) {
  const Pipe pipe;
  alarm_->watch(pipe.reading_end());
  EXPECT_FALSE(alarm_->poll().watched);
  pipe.send();
  EXPECT_TRUE(readable(*alarm_));
  EXPECT_TRUE(alarm_->wait().watched);
  EXPECT_FALSE(alarm_->poll().watched);  // nobody has read from it, and still
  pipe.send();
  EXPECT_TRUE(alarm_->wait().watched);
  alarm_->unwatch(pipe.reading_end());
  pipe.send();
  EXPECT_FALSE(alarm_->poll().watched);
}

TEST_P(AlarmTest, WhatCannotBeWatchedIsAnError) {
  EXPECT_THROW(alarm_->watch(-1), Error);
  const Pipe pipe;
  EXPECT_THROW(alarm_->unwatch(pipe.reading_end()), Error);
}

TEST_P(AlarmTest, ThePastAndTheFarFutureCanBeArmed) {
  for (const Instant when : {kEarliestInstant, Instant{}, at("00:00:00")}) {
    alarm_->arm(when);
    alarm_->wait();
    EXPECT_FALSE(readable(*alarm_));
  }
  alarm_->arm(kLatestInstant);
  EXPECT_FALSE(readable(*alarm_));
}

INSTANTIATE_TEST_SUITE_P(Clocks, AlarmTest, testing::Values("system", "manual"),
                         [](const auto& clock) { return clock.param; });

TEST(SystemClock, AlarmSleepsUntilItsInstant) {
  const auto clock = system_clock();
  const auto alarm = clock->make_alarm();
  const Instant when = clock->now() + std::chrono::milliseconds{20};
  alarm->arm(when);
  while (clock->now() < when) {
    const WakeReason reason = alarm->wait();
    ASSERT_TRUE(reason.clock_changed || clock->now() >= when);
  }
}

TEST(SystemClock, IsOnTheSameBootAllTheTime) {
  const auto clock = system_clock();
  EXPECT_FALSE(clock->boot_id().empty());
  EXPECT_EQ(clock->boot_id(), system_clock()->boot_id());
  const Duration before = clock->boot_time();
  EXPECT_LE(before, system_clock()->boot_time());
  EXPECT_GT(before, Duration{0});
}

}  // namespace
}  // namespace duetime
