// Process pools: executors whose workers are processes, programs of any language (docs/worker_protocol.md).
#ifndef DUETIME_PROCESS_POOL_HPP
#define DUETIME_PROCESS_POOL_HPP

#include <duetime/process_pool.h>
#include <duetime/common.hpp>

#include <vector>

namespace duetime {
inline namespace v0 {

struct ProcessPoolOptions {
  std::vector<std::string> argv;     // the program and its arguments; argv[0] is looked up in PATH
  uint32_t workers = 10;             // at most so many processes, 1 to 1,000; they start when they are needed
  std::string setup;                 // bytes that each worker is told first
  uint64_t max_tasks_per_child = 0;  // a worker is replaced after so many runs; 0: never
  Duration timeout{0};               // of a run, whose worker is killed; 0: none
};

namespace detail {

// What the C ABI reads, for as long as the options live that it was made of.
class CProcessPoolOptions {
 public:
  explicit CProcessPoolOptions(const ProcessPoolOptions &options) {
    for (const std::string &argument : options.argv) argv_.push_back(to_c(argument));
    argv_.push_back(nullptr);
    c_.argv = argv_.data();
    c_.workers = options.workers;
    c_.setup = options.setup.data();
    c_.setup_size = options.setup.size();
    c_.max_tasks_per_child = options.max_tasks_per_child;
    c_.timeout = to_c(options.timeout);
  }

  const duetime_process_pool_options &c() const { return c_; }

 private:
  std::vector<const char *> argv_;
  duetime_process_pool_options c_ = DUETIME_PROCESS_POOL_OPTIONS_INIT;
};

}  // namespace detail
}  // namespace v0
}  // namespace duetime

#endif
