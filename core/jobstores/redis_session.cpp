#include "core/jobstores/redis_session.h"

#include <charconv>
#include <list>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"

namespace duetime {
namespace {

constexpr const char* kLost =
    "Redis: the jobs that were here are gone or were replaced by an older copy (the server was emptied, "
    "restarted "
    "without its data, or changed places with another); the store goes on with what is there now";

[[noreturn]] void refuse_version(std::string_view found) {
  int64_t version = 0;
  const auto [end, error] = std::from_chars(found.data(), found.data() + found.size(), version);
  if (error != std::errc() || end != found.data() + found.size() || version < 1) {
    throw Error(ErrorCode::kStoreCorrupt, "Redis: the schema_version under this key prefix is " +
                                              in_quotes(found) +
                                              ", expected a number; choose another key_prefix");
  }
  throw Error(ErrorCode::kNewerVersion, "Redis: the store under this key prefix is of schema version " +
                                            std::to_string(version) + ", this duetime knows up to " +
                                            std::to_string(kRedisSchemaVersion) + "; it was left alone");
}

}  // namespace

RedisSession::RedisSession(const RedisStoreOptions& options)
    : keys_(options.key_prefix),
      name_(to_string(make_uuid())),
      lease_time_(options.lease_time),
      pool_(options),
      subscription_(options, keys_.channel(), name_) {
  load_scripts();
  prepare();
  subscription_.ensure();
}

void RedisSession::load_scripts() {
  const RedisPool::Lease connection = pool_.lease();
  for (std::size_t i = 0; i < digests_.size(); ++i) {
    const std::string text = redis_script_text(static_cast<RedisScript>(i), lease_time_);
    const RedisReply reply = connection->call({"SCRIPT", "LOAD", text});
    if (reply.value().is_error()) throw_redis_error(reply.value().error());
    digests_[i] = std::string(reply.value().text());
  }
}

RedisSession::State RedisSession::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void RedisSession::note_counter(int64_t counter) {
  const std::lock_guard lock(mutex_);
  state_.counter = std::max(state_.counter, counter);
}

RedisCommand RedisSession::prelude(const State& state) const {
  RedisCommand words;
  words.add(state.epoch).add(state.counter).add(keys_.channel()).add(name_);
  return words;
}

RedisReply RedisSession::call(RedisScript script, RedisCommand command) {
  const std::string& digest = digests_[static_cast<std::size_t>(script)];
  const RedisPool::Lease connection = pool_.lease();
  RedisCommand whole{"EVALSHA", digest};
  whole.append(std::move(command));
  RedisReply reply = connection->call(whole);
  if (!reply.value().is_error() || !reply.value().error().starts_with("NOSCRIPT")) return reply;
  whole.replace_first_two("EVAL", redis_script_text(script, lease_time_));
  return connection->call(whole);
}

void RedisSession::prepare() {
  RedisCommand command = keys_.for_script(nullptr);
  command.append(prelude(state()));
  command.add(int64_t{kRedisSchemaVersion}).add(to_string(make_uuid()));
  const RedisReply reply = call(RedisScript::kPrepare, std::move(command));
  if (reply.value().is_error()) throw_redis_error(reply.value().error());
  if (reply[1].text() != std::to_string(kRedisSchemaVersion)) refuse_version(reply[1].text());
  const std::lock_guard lock(mutex_);
  state_ = {std::string(reply[2].text()), reply[0].integer()};
}

RedisReply RedisSession::run(RedisScript script, RedisCommand arguments, const Uuid* claim_id) {
  const State known = state();
  RedisCommand command = keys_.for_script(claim_id);
  command.append(prelude(known)).append(std::move(arguments));
  RedisReply reply = call(script, std::move(command));
  if (reply.value().is_error()) {
    if (reply.value().error().find("DUETIMERESET") != std::string_view::npos) begin_anew(known);
    throw_redis_error(reply.value().error());
  }
  note_counter(reply[0].integer());
  return reply;
}

void RedisSession::begin_anew(const State& found_gone) {
  if (state().epoch == found_gone.epoch) prepare();
  loss_to_report_ = true;
  throw Error(ErrorCode::kStoreUnavailable, kLost);
}

void RedisSession::report_loss() {
  if (loss_to_report_.exchange(false)) throw Error(ErrorCode::kStoreUnavailable, kLost);
}

void RedisSession::abandon_after_fork() noexcept {
  pool_.abandon_after_fork();
  subscription_.abandon_after_fork();
}

// Never destroyed: threads that are not in the child may have been in the middle of using it.
void forget_redis_session(std::unique_ptr<RedisSession> session) noexcept {
  static std::mutex mutex;
  static auto* const forgotten = new std::list<std::unique_ptr<RedisSession>>;
  const std::lock_guard lock(mutex);
  forgotten->push_back(std::move(session));
}

}  // namespace duetime
