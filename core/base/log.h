// Where the engine's log lines go. A sink is given by the program (Python's logging, slf4j, a file);
// without one, warnings and errors go to standard error.
//
// Threads: write() may be called from any thread; the sink is never called under an engine lock and must
// not throw (what it throws is dropped). Control characters in messages are escaped before they reach it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace duetime {

enum class LogLevel { kDebug = 10, kInfo = 20, kWarning = 30, kError = 40 };

using LogSink = std::function<void(LogLevel, std::string_view logger, std::string_view message)>;

class Log {
 public:
  // An empty sink means standard error, warnings and above.
  explicit Log(LogSink sink = {}, LogLevel threshold = LogLevel::kInfo);

  bool enabled(LogLevel level) const { return level >= threshold_; }
  void write(LogLevel level, std::string_view logger, std::string_view message) const noexcept;

 private:
  LogSink sink_;
  LogLevel threshold_;
};

}  // namespace duetime
