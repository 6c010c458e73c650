#include "core/jobstores/postgresql_connection.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <numeric>

#include "core/base/text.h"

namespace duetime {
namespace {

// Of libpq's enumerations.
constexpr int kPollingFailed = 0;
constexpr int kPollingReading = 1;
constexpr int kPollingOk = 3;
constexpr int kConnectionBad = 1;
constexpr int kTransactionIdle = 0;
constexpr int kFatalError = 7;
constexpr int kPipelineSync = 10;
constexpr int kSqlstateField = 'C';
constexpr int kMessageField = 'M';
constexpr int kDetailField = 'D';

constexpr int kOldestServer = 120'000;
constexpr std::size_t kLongestMessage = 500;

// A long statement or answer has more time: even a slow link moves a megabyte in a second.
constexpr Duration kTimePerByte{1};

struct Meaning {
  std::string_view sqlstate;  // or the class that it begins with
  ErrorCode code;
};

// Whatever is not listed can be over at the next try.
constexpr std::array kMeanings = {
    Meaning{"53100", ErrorCode::kStoreFull},     // disk_full
    Meaning{"42P01", ErrorCode::kStoreCorrupt},  // undefined_table
    Meaning{"42703", ErrorCode::kStoreCorrupt},  // undefined_column
    Meaning{"42804", ErrorCode::kStoreCorrupt},  // datatype_mismatch
    Meaning{"42809", ErrorCode::kStoreCorrupt},  // wrong_object_type
    Meaning{"42883", ErrorCode::kStoreCorrupt},  // undefined_function: no operator for a changed type
    Meaning{"42P10", ErrorCode::kStoreCorrupt},  // invalid_column_reference: no primary key
    Meaning{"3F000", ErrorCode::kStoreCorrupt},  // invalid_schema_name
    Meaning{"XX001", ErrorCode::kStoreCorrupt},  // data_corrupted
    Meaning{"XX002", ErrorCode::kStoreCorrupt},  // index_corrupted
    Meaning{"22P05",
            ErrorCode::kInvalidArgument},        // untranslatable_character: not in the database's encoding
    Meaning{"54", ErrorCode::kInvalidArgument},  // program_limit_exceeded
    Meaning{"22021", ErrorCode::kInvalidArgument},  // character_not_in_repertoire
};

// The server may have committed before it said this: it is shutting the connection down.
constexpr std::array<std::string_view, 4> kOutcomeUnknown = {"57P0", "08", "40003", "XX000"};

template <typename Entries>
const typename Entries::value_type* find_prefix_of(const Entries& entries, std::string_view sqlstate,
                                                   auto prefix) {
  const auto found =
      std::ranges::find_if(entries, [&](const auto& entry) { return sqlstate.starts_with(prefix(entry)); });
  return found == entries.end() ? nullptr : &*found;
}

ErrorCode code_of(std::string_view sqlstate) {
  const Meaning* const meaning =
      find_prefix_of(kMeanings, sqlstate, [](const Meaning& each) { return each.sqlstate; });
  return meaning ? meaning->code : ErrorCode::kStoreUnavailable;
}

bool leaves_outcome_unknown(std::string_view sqlstate) {
  return find_prefix_of(kOutcomeUnknown, sqlstate, [](std::string_view each) { return each; }) != nullptr;
}

std::string without_line_ends(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::ranges::replace(text, '\n', ' ');
  return truncate_utf8(repair_utf8(text), kLongestMessage);
}

int milliseconds_until(PgDeadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 1'000'000'000));
}

PgDeadline deadline_in(Duration timeout) { return std::chrono::steady_clock::now() + timeout; }

std::string milliseconds_text(Duration duration) {
  return std::to_string(std::max<int64_t>(1, duration / std::chrono::milliseconds(1)));
}

// Names and values as libpq takes them. Of a name that comes twice, the last counts.
struct ConnectionParameters {
  std::vector<const char*> names;
  std::vector<const char*> values;

  void add(const char* name, const char* value) {
    names.push_back(name);
    values.push_back(value);
  }

  explicit ConnectionParameters(const PostgresqlStoreOptions& options) {
    // A peer that vanished without a word is noticed within half a minute.
    add("keepalives_idle", "15");
    add("keepalives_interval", "5");
    add("keepalives_count", "3");
    add("fallback_application_name", "duetime");
    if (!options.uri.empty()) add("dbname", options.uri.c_str());
    for (const auto& [name, value] : options.parameters) add(name.c_str(), value.c_str());
    add("client_encoding", "UTF8");
    names.push_back(nullptr);
    values.push_back(nullptr);
  }
};

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, "PostgreSQL store: " + why);
}

// libpq's words may quote a part of the URI, and with it the password.
bool accepts_uri(const std::string& uri) {
  const PqLibrary& pq = pq_library();
  char* error = nullptr;
  PqOption* const parsed = pq.PQconninfoParse(uri.c_str(), &error);
  if (error) pq.PQfreemem(error);
  if (parsed) pq.PQconninfoFree(parsed);
  return parsed != nullptr;
}

void require_options_in(const std::string& uri) {
  const std::size_t question = uri.find('?');
  std::string_view query = question == std::string::npos ? "" : std::string_view(uri).substr(question + 1);
  while (!query.empty()) {
    const std::string_view option = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), option.size() + 1));
    const std::string name(option.substr(0, option.find('=')));
    if (!accepts_uri("postgresql://?" + name + "=")) {
      refuse("the URI has the option " + in_quotes(name) + ", which neither the store nor libpq knows");
    }
  }
}

std::string next_statement_name() {
  static std::atomic<int64_t> last{0};
  return "duetime_" + std::to_string(++last);
}

// Queries of ours find few rows by index: an estimate that was made while a table was empty must not read all
// of it later.
const PgStatement& settings_statement() {
  static const PgStatement statement(
      "SELECT set_config('statement_timeout', $1::text, false),"
      " set_config('idle_in_transaction_session_timeout', $2::text, false),"
      " set_config('client_encoding', CASE current_setting('server_encoding') WHEN 'SQL_ASCII' THEN "
      "'SQL_ASCII' ELSE 'UTF8' END, false),"
      " set_config('default_transaction_isolation', 'read committed', false),"
      " set_config('default_transaction_deferrable', 'off', false),"
      " set_config('plan_cache_mode', 'force_generic_plan', false),"
      " set_config('enable_seqscan', 'off', false),"
      " set_config('jit', 'off', false),"
      " set_config('search_path', 'pg_catalog', false)");
  return statement;
}

const PgStatement& current_schema_statement() {
  static const PgStatement statement("SELECT pg_catalog.current_schema()::text");
  return statement;
}

}  // namespace

PgStatement::PgStatement(std::string text, Use use)
    : text_(std::move(text)), name_(use == Use::kAgain ? next_statement_name() : "") {}

std::size_t PgBatch::bytes() const {
  return std::accumulate(calls_.begin(), calls_.end(), std::size_t{0},
                         [](std::size_t sum, const Call& call) { return sum + call.parameters.bytes(); });
}

void require_pg_options(const PostgresqlStoreOptions& options) {
  for (const auto& [name, value] : options.parameters) {
    if (!accepts_uri("postgresql://?" + name + "=")) {
      refuse("option " + in_quotes(name) + " is not known to libpq");
    }
  }
  if (options.uri.empty() || accepts_uri(options.uri)) return;
  require_options_in(options.uri);
  refuse("the URI is not valid, expected postgresql://user:password@host:port/database?option=value");
}

// What the server said of the first statement that failed.
struct PgConnection::Failure {
  std::string sqlstate;
  std::string message;

  Failure(const PqLibrary& pq, const PqResult* result) {
    const auto field = [&](int code) {
      const char* const text = pq.PQresultErrorField(result, code);
      return std::string(text ? text : "");
    };
    sqlstate = field(kSqlstateField);
    message = without_line_ends(field(kMessageField));
    // Which ids were in the way is told elsewhere; here it would be a row of somebody's data.
    if (const std::string detail = field(kDetailField); !detail.empty() && !sqlstate.starts_with("23")) {
      message += " (" + without_line_ends(detail) + ")";
    }
  }

  [[noreturn]] void raise(PgEffect effect) const {
    if (effect == PgEffect::kCommits && leaves_outcome_unknown(sqlstate)) {
      throw Error(ErrorCode::kTimeout,
                  "PostgreSQL: " + message + "; whether the call took effect is unknown");
    }
    throw PgError(code_of(sqlstate), "PostgreSQL: " + message + " [" + sqlstate + "]", sqlstate);
  }
};

PgConnection::PgConnection(const PostgresqlStoreOptions& options)
    : pq_(pq_library()),
      connect_timeout_(options.connect_timeout),
      command_timeout_(options.command_timeout) {
  connect(options);
  require_version();
  configure();
}

void PgConnection::connect(const PostgresqlStoreOptions& options) {
  const ConnectionParameters parameters(options);
  connection_.reset(pq_.PQconnectStartParams(parameters.names.data(), parameters.values.data(), 1));
  if (!connection_) throw std::bad_alloc();
  // libpq would print them to standard error.
  pq_.PQsetNoticeReceiver(
      connection_.get(), [](void*, const PqResult*) {}, nullptr);
  if (pq_.PQstatus(connection_.get()) == kConnectionBad) fail_to_connect(error_text());
  wait_until_connected(deadline_in(connect_timeout_));
  if (pq_.PQsetnonblocking(connection_.get(), 1) != 0 || pq_.PQenterPipelineMode(connection_.get()) != 1) {
    fail_to_connect(error_text());
  }
}

void PgConnection::wait_until_connected(PgDeadline deadline) {
  Ready ready = Ready::kWrite;
  for (;;) {
    if (!wait_for(ready, deadline)) fail_to_connect("no answer before the deadline");
    const int polled = pq_.PQconnectPoll(connection_.get());
    if (polled == kPollingOk) return;
    if (polled == kPollingFailed) fail_to_connect(error_text());
    ready = polled == kPollingReading ? Ready::kRead : Ready::kWrite;
  }
}

void PgConnection::require_version() const {
  if (const int version = pq_.PQserverVersion(connection_.get()); version < kOldestServer) {
    throw Error(ErrorCode::kUnsupported, "the PostgreSQL server is of version " +
                                             std::to_string(version / 10'000) + ", expected 12 or later");
  }
}

// The server gives up before we do, so that a call that waits for a lock too long is known to have done
// nothing; and it ends a transaction of ours that a stopped process left open.
void PgConnection::configure() {
  PgBatch batch;
  batch.add(current_schema_statement());
  batch.add(settings_statement(), PgParameters()
                                      .add(milliseconds_text(command_timeout_ * 4 / 5))
                                      .add(milliseconds_text(command_timeout_)));
  try {
    const std::vector<PgRows> answers = run(batch, PgEffect::kNone);
    if (!answers[0].is_null(0, 0)) current_schema_ = std::string(answers[0].text(0, 0));
  } catch (const Error& error) {
    fail_to_connect(error.what());
  }
}

void PgConnection::fail_to_connect(const std::string& why) const {
  throw Error(ErrorCode::kStoreUnavailable, "cannot connect to PostgreSQL: " + why);
}

int PgConnection::fd() const { return pq_.PQsocket(connection_.get()); }

std::string PgConnection::error_text() const {
  return without_line_ends(pq_.PQerrorMessage(connection_.get()));
}

std::vector<PgRows> PgConnection::run(const PgBatch& batch, PgEffect effect) {
  const PgDeadline deadline =
      deadline_in(command_timeout_ + kTimePerByte * static_cast<int64_t>(batch.bytes()));
  broken_ = true;  // until the whole answer is here
  try {
    return receive(batch, send(batch), effect, deadline);
  } catch (const PgError&) {
    throw;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kStoreUnavailable || effect == PgEffect::kNone) throw;
    throw Error(ErrorCode::kTimeout, std::string(error.what()) + "; whether the call took effect is unknown");
  }
}

void PgConnection::require_sent(int sent) {
  if (sent != 1) throw Error(ErrorCode::kStoreUnavailable, "PostgreSQL: " + error_text());
}

// False: the server has it already.
bool PgConnection::send_preparation(const PgStatement& statement) {
  if (!statement.name().empty() && !prepared_.insert(statement.name()).second) return false;
  require_sent(
      pq_.PQsendPrepare(connection_.get(), statement.name().c_str(), statement.text().c_str(), 0, nullptr));
  return true;
}

// For each call whether its statement was sent for preparation first.
std::vector<bool> PgConnection::send(const PgBatch& batch) {
  constexpr int kBinary = 1;
  std::vector<bool> prepared;
  for (const PgBatch::Call& call : batch.calls()) {
    prepared.push_back(send_preparation(*call.statement));
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (const std::optional<std::string>& value : call.parameters.values()) {
      values.push_back(value ? value->data() : nullptr);
      lengths.push_back(value ? static_cast<int>(value->size()) : 0);
    }
    const std::vector<int> formats(values.size(), kBinary);
    require_sent(pq_.PQsendQueryPrepared(connection_.get(), call.statement->name().c_str(),
                                         static_cast<int>(values.size()), values.data(), lengths.data(),
                                         formats.data(), kBinary));
  }
  require_sent(pq_.PQpipelineSync(connection_.get()));
  return prepared;
}

// For each call the answer to its preparation, if that was sent, and its rows; each followed by a null.
std::vector<PgRows> PgConnection::receive(const PgBatch& batch, std::vector<bool> prepared, PgEffect effect,
                                          PgDeadline deadline) {
  std::vector<PgRows> answers;
  std::optional<Failure> failure;
  for (;;) {
    PqResult* const result = next_result(deadline);
    if (!result) continue;
    PgRows rows(result);
    const int status = pq_.PQresultStatus(result);
    if (status == kPipelineSync) break;
    if (status == kFatalError) {
      if (!failure) failure.emplace(pq_, result);
      require_told(*failure);
      if (pq_.PQstatus(connection_.get()) == kConnectionBad) failure->raise(effect);
    }
    if (failure || answers.size() == batch.calls().size()) continue;
    if (prepared[answers.size()]) {
      prepared[answers.size()] = false;
    } else {
      answers.push_back(std::move(rows));
    }
  }
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    if (prepared[i]) prepared_.erase(batch.calls()[i].statement->name());  // an error came before it
  }
  broken_ = false;
  if (failure) failure->raise(effect);
  return answers;
}

// libpq's own failures have no SQLSTATE: nothing was answered.
void PgConnection::require_told(const Failure& failure) const {
  if (failure.sqlstate.empty()) throw Error(ErrorCode::kStoreUnavailable, "PostgreSQL: " + error_text());
}

// Null: the answer to one statement has ended.
PqResult* PgConnection::next_result(PgDeadline deadline) {
  while (pq_.PQisBusy(connection_.get()) == 1 && pq_.PQstatus(connection_.get()) != kConnectionBad) {
    exchange(deadline);
  }
  PqResult* const result = pq_.PQgetResult(connection_.get());
  if (!result && pq_.PQstatus(connection_.get()) == kConnectionBad) {
    throw Error(ErrorCode::kStoreUnavailable, "PostgreSQL: " + error_text());
  }
  return result;
}

// Sends what is left to send and takes what has come.
void PgConnection::exchange(PgDeadline deadline) {
  const int unsent = pq_.PQflush(connection_.get());
  if (!wait_for(unsent == 1 ? Ready::kReadOrWrite : Ready::kRead, deadline)) {
    throw Error(ErrorCode::kStoreUnavailable, "PostgreSQL: no answer before the deadline");
  }
  if (pq_.PQconsumeInput(connection_.get()) != 1 && pq_.PQstatus(connection_.get()) != kConnectionBad) {
    throw Error(ErrorCode::kStoreUnavailable, "PostgreSQL: " + error_text());
  }
}

// False if the deadline passes first.
bool PgConnection::wait_for(Ready ready, PgDeadline deadline) const {
  constexpr short kBoth = POLLIN | POLLOUT;
  const short events = ready == Ready::kRead    ? short{POLLIN}
                       : ready == Ready::kWrite ? short{POLLOUT}
                                                : kBoth;
  for (;;) {
    pollfd waiting{fd(), events, 0};
    const int count = ::poll(&waiting, 1, milliseconds_until(deadline));
    if (count > 0) return true;
    if (count == 0 && std::chrono::steady_clock::now() >= deadline) return false;
    if (count < 0 && errno != EINTR) return true;  // the call that follows says what is wrong
  }
}

// Reads all there is: the end of the connection may come right behind the last message.
std::vector<std::string> PgConnection::notifications() {
  do {
    if (pq_.PQconsumeInput(connection_.get()) != 1 || pq_.PQstatus(connection_.get()) == kConnectionBad) {
      broken_ = true;
      throw Error(ErrorCode::kStoreUnavailable, "PostgreSQL: " + error_text());
    }
  } while (has_input());
  std::vector<std::string> payloads;
  while (PqNotify* const notification = pq_.PQnotifies(connection_.get())) {
    payloads.emplace_back(notification->extra);
    pq_.PQfreemem(notification);
  }
  return payloads;
}

bool PgConnection::is_usable() const {
  if (broken_ || pq_.PQstatus(connection_.get()) == kConnectionBad) return false;
  if (pq_.PQtransactionStatus(connection_.get()) != kTransactionIdle) return false;
  return !has_input();
}

bool PgConnection::has_input() const {
  pollfd waiting{fd(), POLLIN, 0};
  return ::poll(&waiting, 1, 0) != 0;
}

void PgConnection::abandon() noexcept {
  if (!connection_) return;
  ::close(fd());
  static_cast<void>(connection_.release());  // finishing it would say goodbye to the server
}

}  // namespace duetime
