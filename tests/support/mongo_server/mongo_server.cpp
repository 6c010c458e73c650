#include "tests/support/mongo_server/mongo_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/support/certificates.h"

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

[[noreturn]] void become_server(const Pipe& input, const Pipe& output, std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  dup2(input.read_end, STDIN_FILENO);
  dup2(output.write_end, STDOUT_FILENO);
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // also where it is frozen and heeds no end of its input
  execv(arguments[0], arguments.data());
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

MongoServer::MongoServer(std::string file, std::string certificate)
    : file_(std::move(file)), certificate_(std::move(certificate)) {
  start();
}

MongoServer::~MongoServer() { stop(); }

void MongoServer::start() {
  const Pipe input;
  const Pipe output;
  std::vector<std::string> words = {DUETIME_SOURCE_DIR "/tests/support/mongo_server/start",
                                    std::to_string(port_), file_};
  if (!certificate_.empty()) {
    words.push_back(key_file(certificate_));
    words.push_back(certificate_file(certificate_));
  }
  process_ = fork();
  if (process_ == 0) become_server(input, output, std::move(words));
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
