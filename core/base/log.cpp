#include "core/base/log.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace duetime {
namespace {

const char* level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kWarning:
      return "WARNING";
    case LogLevel::kError:
      return "ERROR";
  }
  return "?";
}

void write_to_stderr(LogLevel level, std::string_view logger, std::string_view message) {
  std::fprintf(stderr, "%s %.*s: %.*s\n", level_name(level), static_cast<int>(logger.size()), logger.data(),
               static_cast<int>(message.size()), message.data());
}

// A job id with a line break must not forge a second log line.
std::string escape_control(std::string_view message) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string escaped;
  escaped.reserve(message.size());
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      escaped += c;
    } else {
      escaped += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 0xF]};
    }
  }
  return escaped;
}

}  // namespace

Log::Log(LogSink sink, LogLevel threshold) : sink_(std::move(sink)), threshold_(threshold) {
  if (sink_) return;
  sink_ = write_to_stderr;
  threshold_ = std::max(threshold, LogLevel::kWarning);
}

void Log::write(LogLevel level, std::string_view logger, std::string_view message) const noexcept {
  if (!enabled(level)) return;
  try {
    sink_(level, logger, escape_control(message));
  } catch (...) {
    // A log sink that fails must not end a lane.
  }
}

}  // namespace duetime
