// One connection to a PostgreSQL server. Statements go out in batches: everything of a batch is sent at once
// (libpq's pipeline mode), is one transaction, and costs one round trip. Each exchange ends by a deadline,
// whatever the other side does.
//
// Threads: one at a time.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/jobstores/postgresql.h"
#include "core/jobstores/postgresql_values.h"

namespace duetime {

// How long an exchange may take is measured on a clock that nobody sets. It is no scheduling time: nothing
// but a socket ever waits for it.
using PgDeadline = std::chrono::steady_clock::time_point;

// SQL that each connection has the server prepare at its first use, and keep unless it is for one use only.
class PgStatement {
 public:
  enum class Use { kAgain, kOnce };

  explicit PgStatement(std::string text, Use use = Use::kAgain);

  const std::string& text() const { return text_; }
  const std::string& name() const { return name_; }  // of its own, or empty for one use only

 private:
  const std::string text_;
  const std::string name_;
};

// Whether a batch may commit something: then nobody knows whether it did when no answer comes.
enum class PgEffect { kNone, kCommits };

class PgBatch {
 public:
  struct Call {
    const PgStatement* statement;
    PgParameters parameters;
  };

  // The statement stays the caller's, and is used until the batch was run.
  PgBatch& add(const PgStatement& statement, PgParameters parameters = {}) {
    calls_.push_back({&statement, std::move(parameters)});
    return *this;
  }

  const std::vector<Call>& calls() const { return calls_; }
  std::size_t bytes() const;

 private:
  std::vector<Call> calls_;
};

// An error that the server answered: the transaction it occurred in was undone.
class PgError : public Error {
 public:
  PgError(ErrorCode code, const std::string& message, std::string sqlstate)
      : Error(code, message), sqlstate_(std::move(sqlstate)) {}

  const std::string& sqlstate() const { return sqlstate_; }

 private:
  std::string sqlstate_;
};

// Throws kInvalidArgument, without repeating the URI, if libpq does not take it or a parameter.
void require_pg_options(const PostgresqlStoreOptions& options);

class PgConnection {
 public:
  // Connects and logs in. Throws kStoreUnavailable.
  explicit PgConnection(const PostgresqlStoreOptions& options);

  int fd() const;

  // The rows of each statement. Throws PgError; kTimeout if no answer came to what may have been committed,
  // or kStoreUnavailable if nothing can have been: then the connection is of no more use.
  std::vector<PgRows> run(const PgBatch& batch, PgEffect effect);

  // The payloads of notifications that have arrived. Throws kStoreUnavailable if the connection has ended.
  std::vector<std::string> notifications();

  // The first schema of the search path that exists; empty if none does.
  const std::string& current_schema() const { return current_schema_; }

  // In no transaction, and the server has not hung up.
  bool is_usable() const;

  // After fork(), in the child: lets go of the descriptor without a word to the server.
  void abandon() noexcept;

 private:
  enum class Ready { kRead, kWrite, kReadOrWrite };

  struct Finisher {
    void operator()(PqConnection* connection) const { pq_library().PQfinish(connection); }
  };

  struct Failure;

  void connect(const PostgresqlStoreOptions& options);
  void wait_until_connected(PgDeadline deadline);
  void require_version() const;
  void configure();

  std::vector<bool> send(const PgBatch& batch);
  bool send_preparation(const PgStatement& statement);
  void require_sent(int sent);
  std::vector<PgRows> receive(const PgBatch& batch, std::vector<bool> prepared, PgEffect effect,
                              PgDeadline deadline);
  void require_told(const Failure& failure) const;
  PqResult* next_result(PgDeadline deadline);
  void exchange(PgDeadline deadline);
  bool has_input() const;
  bool wait_for(Ready ready, PgDeadline deadline) const;
  std::string error_text() const;
  [[noreturn]] void fail_to_connect(const std::string& why) const;

  const PqLibrary& pq_;
  const Duration connect_timeout_;
  const Duration command_timeout_;
  std::unique_ptr<PqConnection, Finisher> connection_;
  std::string current_schema_;
  std::unordered_set<std::string> prepared_;  // names of statements, also of those just being prepared
  bool broken_ = false;
};

}  // namespace duetime
