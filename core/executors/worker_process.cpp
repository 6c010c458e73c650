#include "core/executors/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "core/base/error.h"
#include "core/base/fork.h"
#include "core/base/text.h"

namespace duetime {
namespace {

constexpr int kChannel = 3;
constexpr int kTurns = 4;
constexpr int kAboveOurs = 5;
constexpr int kExecFailed = 127;
constexpr auto kPidFd = static_cast<idtype_t>(3);  // P_PIDFD, which older C libraries do not name
constexpr const char* kWorkerVariable = "DUETIME_WORKER";

// What the new process needs to become the worker. It shares our memory until then, so it leaves word here.
struct Launch {
  const char* const* argv;
  const char* const* environment;
  int channel;
  int turns;
  pid_t parent;
  volatile int error = 0;
};

std::vector<const char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  pointers.push_back(nullptr);
  return pointers;
}

// A program begins with the dispositions that it expects, not with those of its parent.
void reset_signals() {
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &by_default, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// First out of the way of the numbers that are to be theirs.
void arrange_descriptors(const Launch& launch) {
  const int channel = ::fcntl(launch.channel, F_DUPFD, kAboveOurs);
  const int turns = ::fcntl(launch.turns, F_DUPFD, kAboveOurs);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(channel, kChannel);
  ::dup2(turns, kTurns);
  ::syscall(SYS_close_range, kAboveOurs, ~0U, 0);  // also what the program forgot to mark
}

// In the new process, which has our memory but not our locks: system calls only.
[[noreturn]] void become_worker(Launch& launch) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launch.parent) ::_exit(kExecFailed);  // it died before that
  ::setpgid(0, 0);
  reset_signals();
  arrange_descriptors(launch);
  ::execvpe(launch.argv[0], const_cast<char* const*>(launch.argv),
            const_cast<char* const*>(launch.environment));
  launch.error = errno;
  ::_exit(kExecFailed);
}

// vfork() copies no page tables, calls no fork handlers, and returns when the program has begun or could not.
[[gnu::noinline]] pid_t launch_process(Launch& launch) {
  const pid_t pid = ::vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork): the child is careful
  if (pid == 0) become_worker(launch);  // NOLINT(clang-analyzer-unix.Vfork): system calls only
  return pid;
}

// No handler of ours may run in the child while it shares our memory.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

pid_t start(const WorkerProgram& program, int channel, int turns) {
  const std::vector<const char*> argv = pointers_to(program.argv);
  const std::vector<const char*> environment = pointers_to(program.environment);
  Launch launch{argv.data(), environment.data(), channel, turns, ::getpid()};
  pid_t pid = -1;
  {
    const SignalsBlocked blocked;
    pid = launch_process(launch);
    if (pid < 0) launch.error = errno;
  }
  if (launch.error == 0) return pid;
  if (pid > 0) ::waitpid(pid, nullptr, 0);
  throw Error(ErrorCode::kInternal,
              "the worker program " + in_quotes(program.argv[0]) +
                  " cannot be started: " + std::generic_category().message(launch.error));
}

std::string signal_name(int signal) {
  const char* const name = ::sigabbrev_np(signal);
  return "signal " + std::to_string(signal) + (name == nullptr ? "" : " (SIG" + std::string(name) + ")");
}

std::string describe(const siginfo_t& end) {
  if (end.si_code == CLD_EXITED) return "exited with status " + std::to_string(end.si_status);
  return "was killed by " + signal_name(end.si_status);
}

std::array<int, 2> socket_pair(int type) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()) != 0) ends = {-1, -1};
  return ends;
}

}  // namespace

std::vector<std::string> worker_environment() {
  std::vector<std::string> environment{std::string(kWorkerVariable) + "=" + std::to_string(kChannel) + "," +
                                       std::to_string(kTurns)};
  const std::string own = std::string(kWorkerVariable) + "=";
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (std::strncmp(*variable, own.c_str(), own.size()) != 0) environment.emplace_back(*variable);
  }
  return environment;
}

WorkerProcess::Pair::Pair(int type) : Pair(socket_pair(type)) {}

WorkerProcess::Pair::Pair(const std::array<int, 2>& ends)
    : ours(ends[0], "socketpair"), theirs(std::make_unique<FileDescriptor>(ends[1], "socketpair")) {}

WorkerProcess::WorkerProcess(const WorkerProgram& program)
    : channel_(SOCK_STREAM), turns_(SOCK_SEQPACKET), fork_generation_(fork_generation()) {
  pid_ = start(program, channel_.theirs->get(), turns_.theirs->get());
  channel_.theirs.reset();  // so that its end is seen
  try {
    death_.emplace(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)), "pidfd_open");
  } catch (...) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    throw;
  }
}

WorkerProcess::~WorkerProcess() {
  if (reaped_ || fork_generation_ != fork_generation()) return;
  kill();
  reap();
}

std::size_t WorkerProcess::send(std::string_view bytes) {
  const ssize_t sent = ::send(channel_fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

bool WorkerProcess::receive(std::string& bytes) {
  std::array<char, 65'536> buffer;
  for (;;) {
    const ssize_t size = ::recv(channel_fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size <= 0) return size < 0 && (errno == EAGAIN || errno == EINTR);
    bytes.append(buffer.data(), static_cast<std::size_t>(size));
    if (static_cast<std::size_t>(size) < buffer.size()) return true;
  }
}

void WorkerProcess::give_turn(uint64_t number) {
  ::send(turns_.ours.get(), &number, sizeof number, MSG_DONTWAIT | MSG_NOSIGNAL);
}

std::vector<uint64_t> WorkerProcess::take_back_turns() {
  std::vector<uint64_t> numbers;
  uint64_t number = 0;
  while (::recv(turns_.theirs->get(), &number, sizeof number, MSG_DONTWAIT) == sizeof number) {
    numbers.push_back(number);
  }
  return numbers;
}

// Only while nobody has waited for it does the number mean this process and this group.
void WorkerProcess::kill() noexcept {
  siginfo_t end{};
  const auto id = static_cast<id_t>(death_fd());
  if (::waitid(kPidFd, id, &end, WEXITED | WNOHANG | WNOWAIT) == 0) ::kill(-pid_, SIGKILL);
}

std::string WorkerProcess::reap() {
  siginfo_t end{};
  int answer = 0;
  do {
    answer = ::waitid(kPidFd, static_cast<id_t>(death_fd()), &end, WEXITED);
  } while (answer != 0 && errno == EINTR);
  reaped_ = true;
  return answer == 0 ? describe(end) : "ended, and the program that it belongs to has waited for it itself";
}

}  // namespace duetime
