// From URLs as redis-py and other clients write them to configuration. What is wrong with one is told without
// repeating it: it may hold a password.
#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/jobstores/redis.h"

namespace duetime {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, "store URL of Redis: " + why);
}

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto high = i + 1 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
    if (!high || !low) refuse("a '%' without two hexadecimal digits after it");
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

Json number_in(std::string_view text, const char* what) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    refuse(std::string(what) + " " + in_quotes(text) + ": expected a number");
  }
  return number;
}

// Takes what stands before the first `separator` off the text; nothing if there is no separator.
std::optional<std::string_view> take_before(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(0, at);
  text.remove_prefix(at + 1);
  return before;
}

void take_user(std::string_view& authority, Json& configuration) {
  const std::size_t at = authority.rfind('@');  // a password may hold one too
  if (at == std::string_view::npos) return;
  std::string_view user = authority.substr(0, at);
  authority.remove_prefix(at + 1);
  const std::optional<std::string_view> name = take_before(user, ':');
  const std::string username = percent_decoded(name.value_or(user));
  if (!username.empty()) configuration["username"] = username;
  if (name) configuration["password"] = percent_decoded(user);
}

// host, host:port, [::1]:port
void take_host(std::string_view authority, Json& configuration) {
  std::string_view host = authority;
  std::string_view after;
  if (authority.starts_with('[')) {
    const std::size_t end = std::min(authority.find(']'), authority.size());
    host = authority.substr(1, end - 1);
    after = authority.substr(std::min(end + 1, authority.size()));
  } else if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    after = authority.substr(colon);
  }
  if (!host.empty()) configuration["host"] = percent_decoded(host);
  if (after.empty()) return;
  if (!after.starts_with(':')) refuse("what follows the host: expected a colon and the port");
  configuration["port"] = number_in(after.substr(1), "port");
}

void take_options(std::string_view query, Json& configuration) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    std::string_view option = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::optional<std::string_view> name = take_before(option, '=');
    if (!name) refuse("an option without '=' after the question mark");
    const std::string key = percent_decoded(*name);
    const bool is_number = key == "db" || key.ends_with("_us");
    configuration[key] = is_number ? number_in(option, key.c_str()) : Json(percent_decoded(option));
  }
}

std::string_view after_slashes(std::string_view rest, const char* expected) {
  if (!rest.starts_with("//")) refuse(std::string("expected ") + expected);
  return rest.substr(2);
}

void split_query(std::string_view& rest, Json& configuration) {
  std::string_view query = rest;
  const std::optional<std::string_view> before = take_before(query, '?');
  if (!before) return;
  take_options(query, configuration);
  rest = *before;
}

}  // namespace

Json redis_configuration_from_url(std::string_view rest) {
  rest = after_slashes(rest, "redis://user:password@host:port/database");
  Json configuration{{"type", "redis"}};
  split_query(rest, configuration);
  take_user(rest, configuration);
  std::string_view database = rest;
  const std::optional<std::string_view> host = take_before(database, '/');
  take_host(host.value_or(rest), configuration);
  if (host && !database.empty()) configuration["db"] = number_in(database, "database");
  return configuration;
}

Json redis_configuration_from_unix_url(std::string_view rest) {
  rest = after_slashes(rest, "unix://user:password@/path/of/the.sock?db=0");
  Json configuration{{"type", "redis"}};
  split_query(rest, configuration);
  take_user(rest, configuration);
  configuration["unix_socket"] = percent_decoded(rest);
  return configuration;
}

Json redis_configuration_from_tls_url(std::string_view rest) {
  Json configuration = redis_configuration_from_url(rest);
  configuration["tls"] = true;
  return configuration;
}

}  // namespace duetime
