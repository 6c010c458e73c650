// A server that speaks MongoDB's protocol, started by the tests themselves (start, MongoServerLauncher.java).
#pragma once

#include <sys/types.h>

#include <string>

namespace duetime {

class MongoServer {
 public:
  // Whether there is what it takes. On a machine of the continuous integration there must be.
  static bool is_to_be_had();

  // In memory, for all tests of this process; each takes names of its own.
  static MongoServer& shared();

  // In memory, or with its data in `file`; with TLS if a certificate of tests/support/certificates.h is
  // named. Throws std::runtime_error if it does not start.
  explicit MongoServer(std::string file = {}, std::string certificate = {});
  ~MongoServer();

  MongoServer(const MongoServer&) = delete;
  MongoServer& operator=(const MongoServer&) = delete;

  std::string uri() const { return "mongodb://" + address(); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  void stop();   // what was stored in a file is there
  void start();  // at the same port as before
  void freeze();
  void thaw();

 private:
  const std::string file_;
  const std::string certificate_;
  int port_ = 0;
  pid_t process_ = 0;
  int input_ = -1;  // the server ends when this is closed
};

}  // namespace duetime
