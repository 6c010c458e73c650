// From URLs as libpq takes them to configuration. What is wrong with one is told without repeating it: it may
// hold a password.
#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/jobstores/postgresql.h"

namespace duetime {
namespace {

constexpr std::array<std::string_view, 2> kTexts = {"schema", "table_prefix"};
constexpr std::array<std::string_view, 3> kNumbers = {"connect_timeout_us", "command_timeout_us",
                                                      "pool_size"};

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, "store URL of PostgreSQL: " + why);
}

int64_t number_in(std::string_view text, std::string_view name) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    refuse(std::string(name) + " " + in_quotes(text) + ": expected a number");
  }
  return number;
}

// False if the option is none of the store's own.
bool take_option(std::string_view option, Json& configuration) {
  const std::size_t equals = std::min(option.find('='), option.size());
  const std::string name(option.substr(0, equals));
  const std::string_view value = option.substr(std::min(equals + 1, option.size()));
  if (std::ranges::find(kTexts, name) != kTexts.end()) {
    configuration[name] = std::string(value);
  } else if (std::ranges::find(kNumbers, name) != kNumbers.end()) {
    configuration[name] = number_in(value, name);
  } else {
    return false;
  }
  return true;
}

}  // namespace

Json postgresql_configuration_from_url(std::string_view rest) {
  if (!rest.starts_with("//")) refuse("expected postgresql://user:password@host:port/database");
  Json configuration{{"type", "postgresql"}};
  const std::size_t question = std::min(rest.find('?'), rest.size());
  std::string uri = "postgresql:" + std::string(rest.substr(0, question));
  std::string_view query = rest.substr(std::min(question + 1, rest.size()));
  char separator = '?';
  while (!query.empty()) {
    const std::string_view option = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(option.size() + 1, query.size()));
    if (take_option(option, configuration)) continue;
    uri += separator + std::string(option);
    separator = '&';
  }
  configuration["uri"] = uri;
  return configuration;
}

}  // namespace duetime
