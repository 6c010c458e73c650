#include "tests/support/mongo_server/mongo_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>

namespace duetime {
namespace {

bool is_command(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::istringstream directories(path ? path : "");
  for (std::string directory; std::getline(directories, directory, ':');) {
    if (access((directory + "/" + name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

struct Pipe {
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    read_end = ends[0];
    write_end = ends[1];
  }
  int read_end = -1;
  int write_end = -1;
};

[[noreturn]] void become_server(const Pipe& input, const Pipe& output, int port, const std::string& file) {
  const std::string script = std::string(DUETIME_SOURCE_DIR) + "/tests/support/mongo_server/start";
  const std::string port_text = std::to_string(port);
  const char* const arguments[] = {script.c_str(), port_text.c_str(), file.empty() ? nullptr : file.c_str(),
                                   nullptr};
  dup2(input.read_end, STDIN_FILENO);
  dup2(output.write_end, STDOUT_FILENO);
  execv(arguments[0], const_cast<char* const*>(arguments));
  _exit(127);
}

std::string read_line(int fd) {
  std::string line;
  for (char c = 0; read(fd, &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

}  // namespace

bool MongoServer::is_to_be_had() {
  const char* const ci = std::getenv("CI");
  return (is_command("java") && is_command("mvn")) || (ci && std::string(ci) == "true");
}

MongoServer& MongoServer::shared() {
  static MongoServer server;
  return server;
}

MongoServer::MongoServer(std::string file) : file_(std::move(file)) { start(); }

MongoServer::~MongoServer() { stop(); }

void MongoServer::start() {
  const Pipe input;
  const Pipe output;
  process_ = fork();
  if (process_ == 0) become_server(input, output, port_, file_);
  ::close(input.read_end);
  ::close(output.write_end);
  input_ = input.write_end;
  const std::string line = read_line(output.read_end);
  ::close(output.read_end);
  if (line.empty()) throw std::runtime_error("the MongoDB server of the tests does not start");
  port_ = std::stoi(line);
}

void MongoServer::stop() {
  if (process_ == 0) return;
  thaw();
  ::close(input_);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  process_ = 0;
}

void MongoServer::freeze() { kill(process_, SIGSTOP); }
void MongoServer::thaw() { kill(process_, SIGCONT); }

}  // namespace duetime
