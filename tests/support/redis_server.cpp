#include "tests/support/redis_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include "core/base/error.h"

namespace duetime {
namespace {

std::string text_of(const RedisValue& value) {
  if (value.is_nil()) return "";
  if (value.is_error()) return std::string(value.error());
  if (value.is_integer()) return std::to_string(value.integer());
  if (!value.is_array()) return std::string(value.text());
  std::string words;
  for (std::size_t i = 0; i < value.size(); ++i) words += (i > 0 ? " " : "") + text_of(value[i]);
  return words;
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> options) : options_(std::move(options)) { start(); }

void RedisServer::start() {
  std::vector<std::string> words = {"redis-server",
                                    "--port",
                                    "0",
                                    "--unixsocket",
                                    socket(),
                                    "--dir",
                                    directory_.path(),
                                    "--save",
                                    "",
                                    "--logfile",
                                    directory_.file("redis.log")};
  words.insert(words.end(), options_.begin(), options_.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // no test leaves one behind
    if (getppid() == parent) execvp(arguments[0], arguments.data());
    _exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (std::chrono::steady_clock::now() < deadline) {
    try {
      if (command({"PING"}) == "PONG") return;
    } catch (const Error&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) throw std::runtime_error("redis-server cannot be started");
  }
  throw std::runtime_error("redis-server does not answer");
}

void RedisServer::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void RedisServer::stop() { ::kill(pid_, SIGSTOP); }

void RedisServer::resume() { ::kill(pid_, SIGCONT); }

RedisStoreOptions RedisServer::store_options(const std::string& key_prefix) const {
  RedisStoreOptions options;
  options.unix_socket = socket();
  options.key_prefix = key_prefix;
  options.command_timeout = std::chrono::seconds(60);
  return options;
}

std::string RedisServer::command(const RedisCommand& command) const {
  RedisConnection connection(store_options());
  const RedisReply reply = connection.call(command);
  return text_of(reply.value());
}

RedisServer& shared_redis_server() {
  static RedisServer server;
  return server;
}

}  // namespace duetime
