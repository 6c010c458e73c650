// A PostgreSQL server of the test's own, in a directory that is gone when the test is over. Where the test is
// root it runs as the user postgres, as the server demands. In it is a table public.test_clock (name, now)
// for stores whose leases a test times.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/jobstores/postgresql.h"
#include "tests/support/temporary_directory.h"

namespace duetime {

class PostgresqlServer {
 public:
  // `settings` as in postgresql.conf: "fsync=off". Returns when it answers.
  explicit PostgresqlServer(std::vector<std::string> settings = {"fsync=off"});
  ~PostgresqlServer() { stop(); }
  PostgresqlServer(const PostgresqlServer&) = delete;
  PostgresqlServer& operator=(const PostgresqlServer&) = delete;

  void start();
  void stop();    // at once, as `pg_ctl stop -m immediate`: what was not committed is lost
  void pause();   // SIGSTOP, to all its processes: it accepts connections and answers nothing
  void resume();  // SIGCONT

  // Over the Unix socket, as a superuser who needs no password.
  PostgresqlStoreOptions store_options(const std::string& table_prefix = "duetime") const;

  // The first column of what it answers, as the text it is, rows apart by line ends. Over a connection of its
  // own; `sql` is one statement.
  std::string query(const std::string& sql) const;

  // A file of the data directory, owned by the server.
  std::string file(const std::string& name) const { return data() + "/" + name; }
  void write_file(const std::string& name, const std::string& text) const;

 private:
  std::string data() const { return directory_.file("data"); }
  void make_cluster() const;
  std::vector<pid_t> processes() const;

  TemporaryDirectory directory_;
  std::vector<std::string> settings_;
  pid_t pid_ = 0;
  pid_t thawing_ = 0;  // the program that will, when its input ends
  int thaw_ = -1;      // that input
};

// One server for the whole process, with nothing in it that a test may stop or break.
PostgresqlServer& shared_postgresql_server();

}  // namespace duetime
