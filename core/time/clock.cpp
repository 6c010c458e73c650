#include "core/time/clock.h"

#include <sys/timerfd.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/time/file_descriptor.h"

namespace duetime {
namespace {

Duration read_clock(clockid_t id) {
  timespec time{};
  ::clock_gettime(id, &time);
  return std::chrono::seconds{time.tv_sec} +
         std::chrono::duration_cast<Duration>(std::chrono::nanoseconds{time.tv_nsec});
}

// A timer at zero would be disarmed and one before it refused; the past is as good as the first nanosecond of
// 1970. The kernel counts nanoseconds in 63 bits, so that anything after 2200 waits for 2200.
timespec timer_value(Instant when) {
  constexpr int64_t kLastMicros = int64_t{7'258'118'400} * 1'000'000;
  const int64_t micros = std::clamp<int64_t>(to_micros(when), 0, kLastMicros);
  timespec value{};
  value.tv_sec = static_cast<time_t>(micros / 1'000'000);
  value.tv_nsec = static_cast<long>(micros % 1'000'000 * 1000);
  if (micros == 0) value.tv_nsec = 1;
  return value;
}

// Drawn by the kernel at every boot.
std::string read_boot_id() {
  constexpr const char* kFile = "/proc/sys/kernel/random/boot_id";
  std::ifstream file(kFile);
  std::string id;
  if (!std::getline(file, id) || id.empty()) {
    throw Error(ErrorCode::kUnsupported, std::string("cannot read ") + kFile + ", which names this boot");
  }
  return id;
}

class SystemAlarm final : public Alarm {
 public:
  SystemAlarm() : timer_(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create") {
    set_.add_own(timer_.get());
    set_.add_own(wake_.fd());
    arm(kLatestInstant);  // an unarmed timer would not notice that the clock is set
  }

  void arm(Instant when) override {
    itimerspec setting{};
    setting.it_value = timer_value(when);
    constexpr int kFlags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
    if (::timerfd_settime(timer_.get(), kFlags, &setting, nullptr) == 0) return;
    // The clock was set and nobody has read the timer since: it says so, and is armed all the same
    // (timerfd_create(2), BUGS).
    if (errno != ECANCELED)
      throw Error(ErrorCode::kInternal, "timerfd_settime: errno " + std::to_string(errno));
    clock_changed_ = true;
    wake_.set();
  }

  WakeReason wait() override { return sleep(true); }
  WakeReason poll() override { return sleep(false); }

  void ring() noexcept override {
    rang_.store(true);
    wake_.set();
  }

  void watch(int fd) override { set_.watch(fd); }
  void unwatch(int fd) override { set_.unwatch(fd); }
  int fd() const override { return set_.fd(); }

 private:
  WakeReason sleep(bool may_block) {
    WakeReason reason;
    reason.watched = set_.sleep(may_block);
    wake_.clear();  // before the flags are read, so that a ring in between is kept for the next wait
    reason.rang = rang_.exchange(false);
    reason.clock_changed = std::exchange(clock_changed_, false);
    if (timer_was_cancelled()) reason.clock_changed = true;
    return reason;
  }

  bool timer_was_cancelled() {
    uint64_t expirations = 0;
    return ::read(timer_.get(), &expirations, sizeof expirations) < 0 && errno == ECANCELED;
  }

  EpollSet set_;
  FileDescriptor timer_;
  EventFlag wake_;
  std::atomic<bool> rang_{false};
  bool clock_changed_ = false;
};

class SystemClock final : public Clock {
 public:
  Instant now() const override { return Instant{read_clock(CLOCK_REALTIME)}; }
  Duration boot_time() const override { return read_clock(CLOCK_BOOTTIME); }
  std::string boot_id() const override { return read_boot_id(); }
  std::unique_ptr<Alarm> make_alarm() override { return std::make_unique<SystemAlarm>(); }
};

}  // namespace

std::shared_ptr<Clock> system_clock() { return std::make_shared<SystemClock>(); }

// Sleeps really, but wakes only for what its clock announces. Its state is under the clock's alarms_mutex_.
class AnnouncedAlarm final : public Alarm {
 public:
  explicit AnnouncedAlarm(std::shared_ptr<AnnouncingClock> clock) : clock_(std::move(clock)) {
    set_.add_own(wake_.fd());
  }
  ~AnnouncedAlarm() override {
    const std::lock_guard lock(clock_->alarms_mutex_);
    std::erase(clock_->alarms_, this);
  }

  void arm(Instant when) override {
    {
      const std::lock_guard lock(clock_->alarms_mutex_);
      armed_ = when;
      wake_.clear();
      if (rang_ || clock_changed_) wake_.set();
    }
    // Time that passed before this is seen here, and what passes from here on is announced.
    if (when <= clock_->now()) {
      wake_.set();
    } else if (when < kLatestInstant) {
      clock_->awaited(when);
    }
  }

  WakeReason wait() override { return sleep(true); }
  WakeReason poll() override { return sleep(false); }

  void ring() noexcept override {
    rang_.store(true);
    wake_.set();
  }

  void watch(int fd) override { set_.watch(fd); }
  void unwatch(int fd) override { set_.unwatch(fd); }
  int fd() const override { return set_.fd(); }

  // Requires: the clock's alarms_mutex_. Answers what is still slept for.
  Instant hear(Instant now, bool was_set) {
    if (was_set) clock_changed_ = true;
    const bool is_due = armed_ && *armed_ <= now;
    if (was_set || is_due) wake_.set();
    return armed_ && !is_due ? *armed_ : kLatestInstant;
  }

 private:
  WakeReason sleep(bool may_block) {
    WakeReason reason;
    reason.watched = set_.sleep(may_block);
    const Instant now = clock_->now();
    const std::lock_guard lock(clock_->alarms_mutex_);
    wake_.clear();
    reason.rang = rang_.exchange(false);
    reason.clock_changed = std::exchange(clock_changed_, false);
    if (armed_ && *armed_ <= now) armed_.reset();
    return reason;
  }

  std::shared_ptr<AnnouncingClock> clock_;
  EpollSet set_;
  EventFlag wake_;
  std::atomic<bool> rang_{false};
  bool clock_changed_ = false;
  std::optional<Instant> armed_;
};

std::unique_ptr<Alarm> AnnouncingClock::make_alarm() {
  auto alarm = std::make_unique<AnnouncedAlarm>(shared_from_this());
  const std::lock_guard lock(alarms_mutex_);
  alarms_.push_back(alarm.get());
  return alarm;
}

Instant AnnouncingClock::announce(bool was_set) {
  const Instant now = this->now();
  Instant next = kLatestInstant;
  const std::lock_guard lock(alarms_mutex_);
  for (AnnouncedAlarm* alarm : alarms_) next = std::min(next, alarm->hear(now, was_set));
  return next;
}

void AnnouncingClock::awaited(Instant) {}

Instant ManualClock::now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

Duration ManualClock::boot_time() const {
  const std::lock_guard lock(mutex_);
  return boot_time_;
}

void ManualClock::advance(Duration by) {
  if (by < Duration{0}) {
    throw Error(ErrorCode::kInvalidArgument,
                "advance by " + std::to_string(by.count()) + " us, expected no negative duration");
  }
  pass(by);
  announce(false);
}

void ManualClock::pass(Duration by) {
  const std::lock_guard lock(mutex_);
  const auto later = checked_add(now_, by);
  if (!later) throw Error(ErrorCode::kInvalidArgument, "advance beyond the year 9999");
  now_ = *later;
  boot_time_ += by;
}

void ManualClock::set(Instant now) {
  {
    const std::lock_guard lock(mutex_);
    now_ = now;
  }
  announce(true);
}

}  // namespace duetime
