// Names of time zones, which are paths into the search path and must never lead out of it.
#include <array>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/property.h"
#include "tests/fuzz/tzif_file.h"
#include "tests/fuzz/zone_properties.h"
#include "tests/support/temporary_directory.h"

namespace duetime::fuzz {
namespace {

constexpr int kOffsetInside = 1200;
constexpr int kOffsetOutside = 4321;

void write_zone(const std::filesystem::path& file, int offset) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << tzif_with_footer("", offset);
}

// A search path of one directory, with a zone beside it that must not be found.
class ZoneDirectory {
 public:
  ZoneDirectory() {
    const std::filesystem::path top = directory_.path();
    for (const char* name : {"zones/Area/City", "zones/Area/Town", "zones/UCT"}) {
      write_zone(top / name, kOffsetInside);
    }
    write_zone(top / "Outside", kOffsetOutside);
    std::ofstream(top / "zones/zone.tab") << "not a zone\n";
  }

  std::string zones() const { return directory_.file("zones"); }

 private:
  TemporaryDirectory directory_;
};

// The search path while it lives; forgets afterwards what was found on it.
class ScopedSearchPath {
 public:
  explicit ScopedSearchPath(std::string directory) : before_(time_zone_search_path()) {
    set_time_zone_search_path({std::move(directory)});
    reload_time_zones();
  }
  ~ScopedSearchPath() {
    set_time_zone_search_path(before_);
    reload_time_zones();
  }

 private:
  std::vector<std::string> before_;
};

}  // namespace

void fuzz_zone_name(std::string_view input) {
  static const ZoneDirectory directory;
  const ScopedSearchPath path(directory.zones());
  const auto zone = accepted([&] { return TimeZone::load(input); },
                             {ErrorCode::kInvalidArgument, ErrorCode::kNotFound, ErrorCode::kStoreCorrupt});
  if (!zone) return;
  const auto offset = zone->offset_at(Instant{}).count();
  require(offset != kOffsetOutside, "a file outside the search path was read");
  if (zone->name() == "UTC" || zone->name() != input) return;  // "-00:00"
  require(std::filesystem::path(input).lexically_normal() == input, "one zone under several names");
  require(TimeZone::load(zone->name()) == *zone, "its name is that of another zone");
}

}  // namespace duetime::fuzz
