// One process of a pool: started, spoken to, killed and reaped. Only this process is ever waited for, through
// a descriptor of its own, so that the program may have children, and a SIGCHLD handler, as it likes.
//
// The worker has two descriptors. The *channel* is a stream of frames both ways. *Turns* are eight bytes
// each, the number of a run: the worker takes one before it begins a run, and it begins none without. So a
// run whose turn is still there was not begun, and we can take it back at any time, even from a worker that
// is dead.
//
// The worker is killed when the thread that made it ends, and with it when our process dies. It leads a
// process group of its own: a terminal's Ctrl-C does not reach it, and kill() reaches its children.
//
// Threads: the one that made it. A forked child may destroy its copy, which kills nothing.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time/file_descriptor.h"

namespace duetime {

struct WorkerProgram {
  std::vector<std::string> argv;         // argv[0] is looked up in PATH
  std::vector<std::string> environment;  // "NAME=value"
};

// What this process would give to a program that it starts, and how workers find their descriptors.
std::vector<std::string> worker_environment();

class WorkerProcess {
 public:
  // Throws kInternal, naming the program, if it cannot be started.
  explicit WorkerProcess(const WorkerProgram& program);
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  pid_t pid() const { return pid_; }
  int death_fd() const { return death_->get(); }  // readable when it has ended
  int channel_fd() const { return channel_.ours.get(); }

  // How much went into the channel; less than all of it if the channel is full, or nobody reads it any more.
  std::size_t send(std::string_view bytes);

  // What the worker said since, appended. False if it will say no more.
  bool receive(std::string& bytes);

  void give_turn(uint64_t number);
  std::vector<uint64_t> take_back_turns();  // those the worker did not take, oldest first

  // With its process group. It will have ended soon.
  void kill() noexcept;

  // Waits for its end and says how it was: "exited with status 3".
  std::string reap();

 private:
  struct Pair {
    explicit Pair(int type);
    explicit Pair(const std::array<int, 2>& ends);
    FileDescriptor ours;
    std::unique_ptr<FileDescriptor> theirs;
  };

  Pair channel_;
  Pair turns_;
  std::optional<FileDescriptor> death_;
  pid_t pid_ = 0;
  bool reaped_ = false;
  const uint64_t fork_generation_;
};

}  // namespace duetime
