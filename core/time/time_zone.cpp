#include "core/time/time_zone.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/time/zone_rules.h"

namespace duetime {
namespace {

using RulesPtr = std::shared_ptr<const ZoneRules>;

constexpr int kDaySeconds = 86'400;
constexpr std::size_t kMaxNameBytes = 255;
constexpr std::string_view kCustomPrefix = "custom/";

std::vector<std::string> system_directories() {
  std::vector<std::string> directories;
  if (const char* tzdir = std::getenv("TZDIR"); tzdir != nullptr && *tzdir != '\0')
    directories.emplace_back(tzdir);
  for (const char* usual :
       {"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"}) {
    directories.emplace_back(usual);
  }
  return directories;
}

// Zones by name, loaded once. Leaked on purpose: a thread may still ask for a zone while the process exits.
struct Cache {
  std::shared_mutex mutex;
  std::vector<std::string> directories = system_directories();
  std::map<std::string, RulesPtr, std::less<>> zones;
};

Cache& cache() {
  static Cache& instance = *new Cache;
  return instance;
}

const RulesPtr& utc_rules() {
  static const RulesPtr& rules = *new RulesPtr(std::make_shared<ZoneRules>("UTC", std::chrono::seconds{0}));
  return rules;
}

std::string offset_name(int seconds) {
  const int size = std::abs(seconds);
  std::array<char, 48> buffer;
  const char* format = size % 60 == 0 ? "%c%02d:%02d" : "%c%02d:%02d:%02d";
  const int length = std::snprintf(buffer.data(), buffer.size(), format, seconds < 0 ? '-' : '+', size / 3600,
                                   size / 60 % 60, size % 60);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

int two_digits(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return digit(text[0]) && digit(text[1]) ? (text[0] - '0') * 10 + (text[1] - '0') : 100;
}

// "+05:30" or "-00:00:15"; nullopt for anything else.
std::optional<std::chrono::seconds> read_offset(std::string_view name) {
  if ((name.size() != 6 && name.size() != 9) || (name[0] != '+' && name[0] != '-') || name[3] != ':') {
    return std::nullopt;
  }
  if (name.size() == 9 && name[6] != ':') return std::nullopt;
  const int hours = two_digits(name.substr(1));
  const int minutes = two_digits(name.substr(4));
  const int rest = name.size() == 9 ? two_digits(name.substr(7)) : 0;
  if (hours > 23 || minutes > 59 || rest > 59) return std::nullopt;
  return std::chrono::seconds{(name[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60 + rest)};
}

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("_+-/.").find(c) != std::string_view::npos;
}

// What a name of the database looks like. Names come from job documents, so this is also what keeps a
// document from making us open a file outside the search path, or the same one under many names
// ("Europe/./Berlin").
bool is_well_formed(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes || name.front() == '/' || name.back() == '/') return false;
  if (name.front() == '.' || name.find("/.") != std::string_view::npos) return false;
  if (name.find("..") != std::string_view::npos || name.find("//") != std::string_view::npos) return false;
  for (const char c : name) {
    if (!is_name_character(c)) return false;
  }
  return true;
}

std::optional<std::string> read_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string bytes(kMaxTzifBytes + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

[[noreturn]] void refuse_name(std::string_view name) {
  throw Error(ErrorCode::kInvalidArgument, "\"" + std::string(name.substr(0, kMaxNameBytes)) +
                                               "\" is not the name of a time zone, expected one like "
                                               "\"Europe/Berlin\", \"UTC\" or \"+05:30\"");
}

[[noreturn]] void report_missing(std::string_view name, const std::vector<std::string>& directories) {
  std::string looked;
  for (const std::string& directory : directories) looked += (looked.empty() ? "" : ", ") + directory;
  throw Error(ErrorCode::kNotFound, "no time zone \"" + std::string(name) + "\" in " +
                                        (looked.empty() ? "an empty search path" : looked));
}

RulesPtr read_zone(std::string_view name, const std::vector<std::string>& directories) {
  for (const std::string& directory : directories) {
    if (const auto bytes = read_file(std::filesystem::path(directory) / name)) {
      return std::make_shared<ZoneRules>(ZoneRules::from_tzif(std::string(name), *bytes));
    }
  }
  report_missing(name, directories);
}

RulesPtr find_cached(std::string_view name) {
  const std::shared_lock lock(cache().mutex);
  const auto found = cache().zones.find(name);
  return found == cache().zones.end() ? nullptr : found->second;
}

// Files are read with no lock held; of two threads that loaded the same zone, the first one's data is kept.
RulesPtr load_into_cache(std::string_view name) {
  RulesPtr rules = read_zone(name, time_zone_search_path());
  const std::unique_lock lock(cache().mutex);
  return cache().zones.emplace(std::string(name), std::move(rules)).first->second;
}

}  // namespace

TimeZone::TimeZone() : rules_(utc_rules()) {}

TimeZone::TimeZone(std::shared_ptr<const ZoneRules> rules) : rules_(std::move(rules)) {}

TimeZone TimeZone::fixed(std::chrono::seconds offset) {
  if (offset.count() <= -kDaySeconds || offset.count() >= kDaySeconds) {
    throw Error(ErrorCode::kInvalidArgument,
                "offset of " + std::to_string(offset.count()) + " s, expected less than 24 hours either way");
  }
  if (offset.count() == 0) return TimeZone();
  return TimeZone(std::make_shared<ZoneRules>(offset_name(static_cast<int>(offset.count())), offset));
}

TimeZone TimeZone::load(std::string_view name) {
  if (name == "UTC") return TimeZone();
  if (RulesPtr known = find_cached(name)) return TimeZone(std::move(known));
  if (const auto offset = read_offset(name)) return fixed(*offset);
  if (!is_well_formed(name)) refuse_name(name);
  return TimeZone(load_into_cache(name));
}

TimeZone TimeZone::from_tzif(std::string name, std::string_view bytes) {
  return TimeZone(std::make_shared<ZoneRules>(ZoneRules::from_tzif(std::move(name), bytes)));
}

TimeZone TimeZone::from_offsets(std::string name,
                                const std::function<std::chrono::seconds(Instant)>& offset_at) {
  return TimeZone(std::make_shared<ZoneRules>(ZoneRules::from_offsets(std::move(name), offset_at)));
}

const std::string& TimeZone::name() const { return rules_->name(); }

bool TimeZone::is_utc() const { return name() == "UTC"; }

bool TimeZone::has_same_data_as(const TimeZone& other) const {
  return rules_ == other.rules_ || rules_->has_same_periods_as(*other.rules_);
}

ZonePeriod TimeZone::period_at(Instant t) const { return rules_->period_at(t); }

CivilLookup TimeZone::lookup(CivilTime time) const { return rules_->lookup(time); }

std::optional<ZoneTransition> TimeZone::next_transition(Instant t) const {
  const ZonePeriod period = period_at(t);
  if (period.end > kLatestInstant) return std::nullopt;
  return ZoneTransition{period.end, period.offset, offset_at(period.end)};
}

void set_time_zone_search_path(std::vector<std::string> directories) {
  const std::unique_lock lock(cache().mutex);
  cache().directories = std::move(directories);
}

std::vector<std::string> time_zone_search_path() {
  const std::shared_lock lock(cache().mutex);
  return cache().directories;
}

void register_time_zone(const TimeZone& zone) {
  const std::string& name = zone.name();
  if (!name.starts_with(kCustomPrefix) || !is_well_formed(name)) {
    throw Error(ErrorCode::kInvalidArgument,
                "time zone " + in_quotes(name) +
                    ": expected a name that begins with \"custom/\" and has letters, "
                    "digits and _ + - / . only");
  }
  const std::unique_lock lock(cache().mutex);
  cache().zones.insert_or_assign(name, zone.rules_);
}

void reload_time_zones() {
  const std::unique_lock lock(cache().mutex);
  std::erase_if(cache().zones, [](const auto& zone) { return !zone.first.starts_with(kCustomPrefix); });
}

}  // namespace duetime
