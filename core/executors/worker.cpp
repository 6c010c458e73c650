#include "core/executors/worker.h"

#include <utility>

#include "core/base/error.h"

namespace duetime {
namespace {

constexpr uint64_t kLeave = 0;  // the turn that ends a worker

}  // namespace

Worker::Worker(uint64_t id, const WorkerProgram& program, std::string hello)
    : id_(id), process_(program), outgoing_(std::move(hello)) {}

// The turns follow what the channel takes, also where that is less than their frames: the worker reads on
// only in its turn.
void Worker::flush() {
  if (has_output()) sent_ += process_.send(std::string_view(outgoing_).substr(sent_));
  for (; unturned_ > 0; --unturned_) process_.give_turn(numbers_[numbers_.size() - unturned_]);
  if (has_output()) return;
  outgoing_.clear();
  sent_ = 0;
}

bool Worker::receive() {
  std::string bytes;
  const bool more = process_.receive(bytes);
  incoming_.append(bytes);
  return more;
}

void Worker::give(PoolRun run, PoolClock::time_point now) {
  const Payload& payload = run.execution.claim->record.job->payload;
  const bool live = payload.live != nullptr;
  run.worker_id = id_;
  outgoing_ += run_frame(++last_number_, run.call(), live ? run.encoded.encoding : payload.encoding,
                         live ? run.encoded.data : payload.data);
  ++given_;
  ++unturned_;
  numbers_.push_back(last_number_);
  line_.push_back(std::move(run));
  if (line_.size() == 1) begin_first(now);
}

void Worker::begin_first(PoolClock::time_point now) {
  if (line_.empty()) return;
  first_since_ = now;
  first_started_at_ = line_.front().execution.host->now();
}

PoolRun Worker::end_first(uint64_t number, PoolClock::time_point now) {
  if (numbers_.empty() || numbers_.front() != number) {
    throw Error(ErrorCode::kInvalidArgument,
                "an outcome of run " + std::to_string(number) + ", expected " +
                    (numbers_.empty() ? "none" : std::to_string(numbers_.front())));
  }
  PoolRun run = std::move(line_.front());
  line_.pop_front();
  numbers_.pop_front();
  begin_first(now);
  return run;
}

// Turns are taken from the front, so what is left of them are the last of the line.
std::vector<PoolRun> Worker::take_back() {
  std::vector<PoolRun> taken;
  const std::size_t left = process_.take_back_turns().size() + std::exchange(unturned_, 0);
  const std::size_t kept = line_.size() > left ? line_.size() - left : 0;
  for (std::size_t i = kept; i < line_.size(); ++i) taken.push_back(std::move(line_[i]));
  line_.resize(kept);
  numbers_.resize(kept);
  given_ -= taken.size();
  return taken;
}

void Worker::set_ready() {
  state_ = State::kReady;
  was_ready_ = true;
}

void Worker::note_silence(PoolClock::time_point now) {
  if (state_ == State::kLeaving) return;
  state_ = State::kSilent;
  since_ = now;
}

void Worker::dismiss(PoolClock::time_point now) {
  if (std::exchange(state_, State::kLeaving) == State::kLeaving) return;
  since_ = now;
  if (was_ready_) {
    process_.give_turn(kLeave);
  } else {
    process_.kill();
  }
}

void Worker::condemn(WorkerOutcome verdict) {
  if (!verdict_) verdict_ = std::move(verdict);
  process_.kill();
}

}  // namespace duetime
