#include "tests/support/postgresql_server.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "core/jobstores/postgresql_connection.h"

namespace duetime {
namespace {

// The user that the server runs as where the test is root; else the test's own.
const passwd* server_user() {
  if (geteuid() != 0) return nullptr;
  const passwd* const user = getpwnam("postgres");
  if (!user) throw std::runtime_error("there is no user postgres to run a PostgreSQL server as");
  return user;
}

void give_to_server(const std::string& path) {
  const passwd* const user = server_user();
  if (user && chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error("chown " + path);
}

// Debian keeps the binaries of each version apart.
std::string binary(const std::string& name) {
  std::string newest;
  std::error_code ignored;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    newest = std::max(newest, version.path().string() + "/bin/");
  }
  return newest + name;
}

// Starts a program as the server's user, with what it says in a file.
pid_t start_program(std::vector<std::string> words, const std::string& log) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const passwd* const user = server_user();
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child != 0) return child;
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(out, 1);
  dup2(out, 2);
  if (user && (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
    _exit(126);
  prctl(PR_SET_PDEATHSIG, SIGQUIT);  // no test leaves one behind
  if (getppid() == parent) execvp(arguments[0], arguments.data());
  _exit(127);
}

// So that what is stopped goes on, and heeds that its parent is gone, when this process is: a program that
// waits for the end of `input`.
pid_t start_thawing(const std::vector<pid_t>& processes, int input) {
  std::vector<std::string> words = {"sh", "-c", "read _; exec 2>/dev/null; kill -CONT \"$@\"", "thaw"};
  for (const pid_t process : processes) words.push_back(std::to_string(process));
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child != 0) return child;
  dup2(input, STDIN_FILENO);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

std::string text_in(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

void run_program(std::vector<std::string> words, const std::string& log) {
  const std::string name = words[0];
  int status = 0;
  waitpid(start_program(std::move(words), log), &status, 0);
  if (status != 0) throw std::runtime_error(name + " failed: " + text_in(log));
}

// What initdb makes: it takes a second or two, a copy a moment.
const std::string& prepared_data() {
  static const TemporaryDirectory directory;
  static const std::string data = [] {
    give_to_server(directory.path());
    run_program({binary("initdb"), "--pgdata", directory.file("data"), "--username", "postgres", "--auth",
                 "trust", "--encoding", "UTF8", "--locale", "C", "--wal-segsize", "1", "--no-sync"},
                directory.file("initdb.log"));
    return directory.file("data");
  }();
  return data;
}

pid_t parent_of(const std::string& process) {
  const std::string stat = text_in("/proc/" + process + "/stat");
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string::npos) return 0;
  return std::stoi(stat.substr(name_end + 4));  // ") S 123 ..."
}

}  // namespace

PostgresqlServer::PostgresqlServer(std::vector<std::string> settings) : settings_(std::move(settings)) {
  give_to_server(directory_.path());
  make_cluster();
  start();
  query("CREATE TABLE public.test_clock (name text PRIMARY KEY, now bigint NOT NULL)");
}

void PostgresqlServer::make_cluster() const {
  run_program({"cp", "-a", prepared_data(), data()}, directory_.file("cp.log"));
}

void PostgresqlServer::start() {
  std::vector<std::string> words = {binary("postgres"), "-D", data(), "-k", directory_.path()};
  std::vector<std::string> settings = {"listen_addresses=", "max_connections=50", "shared_buffers=16MB"};
  settings.insert(settings.end(), settings_.begin(), settings_.end());
  for (const std::string& setting : settings) {
    words.emplace_back("-c");
    words.push_back(setting);
  }
  const std::string log = directory_.file("postgres.log");
  pid_ = start_program(words, log);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (std::chrono::steady_clock::now() < deadline) {
    try {
      if (query("SELECT 'ready'") == "ready") return;
    } catch (const Error&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = 0;
      throw std::runtime_error("PostgreSQL cannot be started: " + text_in(log));
    }
  }
  throw std::runtime_error("PostgreSQL does not answer: " + text_in(log));
}

void PostgresqlServer::stop() {
  if (pid_ == 0) return;
  resume();
  ::kill(pid_, SIGQUIT);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

// The postmaster first, so that it has no more children meanwhile.
std::vector<pid_t> PostgresqlServer::processes() const {
  std::vector<pid_t> found = {pid_};
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") == std::string::npos && parent_of(name) == pid_) {
      found.push_back(std::stoi(name));
    }
  }
  return found;
}

void PostgresqlServer::pause() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  ::kill(pid_, SIGSTOP);
  const std::vector<pid_t> paused = processes();
  for (const pid_t process : paused) ::kill(process, SIGSTOP);
  thawing_ = start_thawing(paused, ends[0]);
  ::close(ends[0]);
  thaw_ = ends[1];
}

void PostgresqlServer::resume() {
  if (thawing_ == 0) return;
  ::close(thaw_);
  waitpid(thawing_, nullptr, 0);
  thawing_ = 0;
}

PostgresqlStoreOptions PostgresqlServer::store_options(const std::string& table_prefix) const {
  PostgresqlStoreOptions options;
  options.parameters = {{"host", directory_.path()}, {"user", "postgres"}, {"dbname", "postgres"}};
  options.table_prefix = table_prefix;
  options.connect_timeout = std::chrono::seconds(60);
  options.command_timeout = std::chrono::seconds(60);
  return options;
}

std::string PostgresqlServer::query(const std::string& sql) const {
  PgConnection connection(store_options());
  const PgStatement statement(sql, PgStatement::Use::kOnce);
  const std::vector<PgRows> answer = connection.run(PgBatch().add(statement), PgEffect::kCommits);
  std::string text;
  for (int row = 0; row < answer[0].size(); ++row) {
    if (row > 0) text += '\n';
    text += answer[0].text(row, 0);
  }
  return text;
}

void PostgresqlServer::write_file(const std::string& name, const std::string& text) const {
  std::ofstream(file(name)) << text;
  give_to_server(file(name));
}

PostgresqlServer& shared_postgresql_server() {
  static PostgresqlServer server;
  return server;
}

}  // namespace duetime
