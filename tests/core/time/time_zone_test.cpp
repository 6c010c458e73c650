#include "core/time/time_zone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "core/base/error.h"
#include "tests/support/data_file.h"
#include "tests/support/temporary_directory.h"

namespace duetime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = CivilLookup::Kind;

Instant second(int64_t seconds) { return from_micros(seconds * 1'000'000); }
int64_t seconds_of(Instant t) { return to_micros(t) / 1'000'000; }
Instant instant(const char* text) { return parse_instant(text, "test"); }
CivilTime wall(int year, int month, int day, int hour, int minute = 0) {
  return civil_time({year, month, day, hour, minute});
}

ErrorCode code_of_loading(const std::string& name) {
  try {
    TimeZone::load(name);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kInternal;
}

TEST(TimeZone, OffsetsAreThoseOfPython) {
  for (const Json& row : data_rows("zones.json", "offsets")) {
    const TimeZone zone = TimeZone::load(row.at(0).get<std::string>());
    EXPECT_EQ(zone.offset_at(second(row.at(1))).count(), row.at(2).get<int64_t>()) << row;
  }
}

TEST(TimeZone, LookupsAreThoseOfPython) {
  const std::map<std::string, Kind> kinds = {
      {"unique", Kind::kUnique}, {"skipped", Kind::kSkipped}, {"repeated", Kind::kRepeated}};
  for (const Json& row : data_rows("zones.json", "walls")) {
    const TimeZone zone = TimeZone::load(row.at(0).get<std::string>());
    const CivilLookup found = zone.lookup(CivilTime{std::chrono::seconds{row.at(1).get<int64_t>()}});
    EXPECT_EQ(found.kind, kinds.at(row.at(2))) << row;
    EXPECT_EQ(seconds_of(found.pre), row.at(3).get<int64_t>()) << row;
    EXPECT_EQ(seconds_of(found.post), row.at(4).get<int64_t>()) << row;
  }
}

TEST(TimeZone, LookupIsAsItsHeaderSays) {
  const TimeZone zone = TimeZone::load("America/New_York");
  const CivilLookup plain = zone.lookup(wall(2026, 7, 1, 12));
  EXPECT_EQ(plain.kind, Kind::kUnique);
  EXPECT_EQ(plain.pre, instant("2026-07-01T16:00:00Z"));
  EXPECT_EQ(plain.trans, plain.pre);
  EXPECT_EQ(plain.post, plain.pre);
  const CivilLookup skipped = zone.lookup(wall(2026, 3, 8, 2, 30));
  EXPECT_EQ(skipped.kind, Kind::kSkipped);
  EXPECT_EQ(skipped.pre, instant("2026-03-08T07:30:00Z"));
  EXPECT_EQ(skipped.trans, instant("2026-03-08T07:00:00Z"));
  EXPECT_EQ(skipped.post, instant("2026-03-08T06:30:00Z"));
  const CivilLookup repeated = zone.lookup(wall(2026, 11, 1, 1, 30));
  EXPECT_EQ(repeated.kind, Kind::kRepeated);
  EXPECT_EQ(repeated.pre, instant("2026-11-01T05:30:00Z"));
  EXPECT_EQ(repeated.trans, instant("2026-11-01T06:00:00Z"));
  EXPECT_EQ(repeated.post, instant("2026-11-01T06:30:00Z"));
}

// The footer's rule, 400 and 7,600 years after the file's last transition.
TEST(TimeZone, SummersNeverEnd) {
  const TimeZone zone = TimeZone::load("America/New_York");
  for (const char* july : {"2038-07-01T00:00:00Z", "2040-07-01T00:00:00Z", "2436-07-01T00:00:00Z",
                           "2440-07-01T00:00:00Z", "9999-07-01T00:00:00Z"}) {
    EXPECT_EQ(zone.offset_at(instant(july)), std::chrono::hours{-4}) << july;
  }
  const ZonePeriod period = zone.period_at(instant("9999-07-01T00:00:00Z"));
  EXPECT_EQ(period.begin, instant("9999-03-14T07:00:00Z"));
  EXPECT_EQ(period.end, instant("9999-11-07T06:00:00Z"));
}

TEST(TimeZone, EveryTransitionLeadsToTheNext) {
  const TimeZone zone = TimeZone::load("Europe/Berlin");
  Instant t = instant("1970-01-01T00:00:00Z");
  int count = 0;
  for (auto next = zone.next_transition(t); next && next->at < instant("3000-01-01T00:00:00Z"); ++count) {
    ASSERT_GT(next->at, t);
    ASSERT_EQ(zone.offset_at(next->at - Duration{1}), next->offset_before);
    ASSERT_EQ(zone.offset_at(next->at), next->offset_after);
    ASSERT_NE(next->offset_before, next->offset_after);
    t = next->at;
    next = zone.next_transition(t);
  }
  EXPECT_EQ(count, 2 * (3000 - 1980));  // Germany has had daylight-saving time since 1980
}

TEST(TimeZone, ZonesWithoutChangesHaveOnePeriod) {
  EXPECT_EQ(TimeZone().next_transition(kEarliestInstant), std::nullopt);
  EXPECT_EQ(TimeZone::fixed(std::chrono::hours{3}).next_transition(kEarliestInstant), std::nullopt);
  EXPECT_EQ(TimeZone::load("Asia/Kolkata").next_transition(instant("2026-01-01T00:00:00Z")), std::nullopt);
}

TEST(TimeZone, FixedOffsetsHaveNames) {
  const struct {
    int seconds;
    const char* name;
  } rows[] = {{0, "UTC"},        {19'800, "+05:30"},    {-12'600, "-03:30"},
              {15, "+00:00:15"}, {86'399, "+23:59:59"}, {-86'340, "-23:59"}};
  for (const auto& row : rows) {
    const TimeZone zone = TimeZone::fixed(std::chrono::seconds{row.seconds});
    EXPECT_EQ(zone.name(), row.name);
    EXPECT_EQ(zone.offset_at(Instant{}), std::chrono::seconds{row.seconds});
    EXPECT_EQ(TimeZone::load(row.name), zone);
    EXPECT_EQ(TimeZone::load(row.name).offset_at(Instant{}), zone.offset_at(Instant{}));
  }
  EXPECT_TRUE(TimeZone().is_utc());
  EXPECT_FALSE(TimeZone::load("+00:30").is_utc());
  EXPECT_THROW(TimeZone::fixed(std::chrono::hours{24}), Error);
  EXPECT_THROW(TimeZone::fixed(std::chrono::hours{-24}), Error);
}

TEST(TimeZone, RefusesMalformedNames) {
  for (const std::string& name :
       {std::string(), std::string("/etc/passwd"), std::string("../passwd"), std::string("Europe/../../x"),
        std::string("Europe/"), std::string("Europe//Berlin"), std::string("Europe Berlin"),
        std::string("Z\xC3\xBCrich"), std::string("+24:00"), std::string("+05:60"), std::string("a\nb"),
        std::string("Berlin;"), std::string("a\0b", 3), std::string(256, 'A')}) {
    EXPECT_EQ(code_of_loading(name), ErrorCode::kInvalidArgument) << name;
  }
}

TEST(TimeZone, SaysWhereItLooked) {
  try {
    TimeZone::load("Mars/Olympus_Mons");
    FAIL() << "found";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_THAT(error.what(), HasSubstr("no time zone \"Mars/Olympus_Mons\" in"));
    EXPECT_THAT(error.what(), HasSubstr(time_zone_search_path().back()));
  }
}

TEST(TimeZone, ManyThreadsMayLoadAtOnce) {
  reload_time_zones();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([] {
      for (const char* name : {"Europe/Berlin", "America/New_York", "Asia/Kolkata"}) {
        EXPECT_EQ(TimeZone::load(name).name(), name);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// TZif by hand: version 2, no 32-bit data.
class TzifWriter {
 public:
  TzifWriter& type(int32_t offset) {
    types_ += bytes(static_cast<uint32_t>(offset), 4) + std::string(2, '\0');
    ++type_count_;
    return *this;
  }
  TzifWriter& transition(int64_t at, char type) {
    times_ += bytes(static_cast<uint64_t>(at), 8);
    indexes_ += type;
    return *this;
  }
  TzifWriter& leap_second() {
    ++leap_count_;
    return *this;
  }
  TzifWriter& footer(const std::string& text) {
    footer_ = text;
    return *this;
  }

  std::string write() const {
    const std::string leaps(leap_count_ * 12, '\0');
    return header(0, 0, 0) + header(indexes_.size(), type_count_, leap_count_) + times_ + indexes_ + types_ +
           "ABC" + std::string(1, '\0') + leaps + "\n" + footer_ + "\n";
  }

 private:
  static std::string bytes(uint64_t value, int size) {
    std::string text;
    for (int i = size - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xff);
    return text;
  }
  static std::string header(std::size_t times, std::size_t types, std::size_t leaps) {
    const std::size_t names = types == 0 ? 0 : 4;
    return "TZif2" + std::string(15, '\0') + bytes(0, 4) + bytes(0, 4) + bytes(leaps, 4) + bytes(times, 4) +
           bytes(types, 4) + bytes(names, 4);
  }

  std::string times_;
  std::string indexes_;
  std::string types_;
  std::string footer_;
  std::size_t type_count_ = 0;
  std::size_t leap_count_ = 0;
};

TEST(Tzif, ReadsWhatIsWritten) {
  const std::string file =
      TzifWriter().type(60).type(3600).transition(-1000, 1).transition(1000, 0).footer("ABC-0:01").write();
  const TimeZone zone = TimeZone::from_tzif("Test/Zone", file);
  EXPECT_EQ(zone.name(), "Test/Zone");
  EXPECT_EQ(zone.offset_at(second(-1001)).count(), 60);
  EXPECT_EQ(zone.offset_at(second(-1000)).count(), 3600);
  EXPECT_EQ(zone.offset_at(second(1000)).count(), 60);
  EXPECT_EQ(zone.offset_at(kLatestInstant).count(), 60);
}

TEST(Tzif, AFileWithoutTransitionsFollowsItsRuleFromTheBeginning) {
  const TimeZone zone =
      TimeZone::from_tzif("X", TzifWriter().type(-18'000).footer("EST5EDT,M3.2.0,M11.1.0").write());
  for (const char* july : {"0002-07-01T00:00:00Z", "1900-07-01T00:00:00Z", "9999-07-01T00:00:00Z"}) {
    EXPECT_EQ(zone.offset_at(instant(july)), std::chrono::hours{-4}) << july;
  }
}

TEST(Tzif, DaylightTimeAllYearIsOnePeriod) {
  const TimeZone zone =
      TimeZone::from_tzif("X", TzifWriter().type(-7200).footer("<-03>3<-02>,0/0,J365/25").write());
  EXPECT_EQ(zone.next_transition(instant("2000-01-01T00:00:00Z")), std::nullopt);
  EXPECT_EQ(zone.offset_at(instant("2026-12-31T23:59:59Z")), std::chrono::hours{-2});
}

TEST(Tzif, ChangesThatChangeNothingAreNoTransitions) {
  const std::string file =
      TzifWriter().type(0).type(0).transition(5, 1).transition(9, 0).footer("ABC0").write();
  EXPECT_EQ(TimeZone::from_tzif("X", file).next_transition(Instant{}), std::nullopt);
}

// Some files begin with a change at the Big Bang.
TEST(Tzif, ChangesOutsideTheYearsAreTakenAsTheirEnds) {
  const std::string file = TzifWriter()
                               .type(0)
                               .type(60)
                               .transition(-(int64_t{1} << 59), 1)
                               .transition(int64_t{1} << 59, 0)
                               .write();
  const TimeZone zone = TimeZone::from_tzif("X", file);
  EXPECT_EQ(zone.offset_at(kEarliestInstant).count(), 60);
  EXPECT_EQ(zone.offset_at(kLatestInstant).count(), 60);
}

ErrorCode code_of_reading(const std::string& bytes) {
  try {
    TimeZone::from_tzif("X", bytes);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kInternal;
}

TEST(Tzif, RefusesCorruptFiles) {
  const std::string good = TzifWriter().type(0).type(60).transition(1, 1).footer("ABC-0:01").write();
  EXPECT_NO_THROW(TimeZone::from_tzif("X", good));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(code_of_reading(good.substr(0, size)), ErrorCode::kStoreCorrupt) << size;
  }
  const TzifWriter bad[] = {
      TzifWriter().footer("ABC0"),                                            // no type
      TzifWriter().type(0).transition(1, 1).footer("ABC0"),                   // unknown type
      TzifWriter().type(0).transition(2, 0).transition(2, 0).footer("ABC0"),  // not ascending
      TzifWriter().type(200'000).footer("ABC0"),                              // impossible offset
      TzifWriter().type(0).leap_second().footer("ABC0"),                      // not POSIX time
      TzifWriter().type(0).footer("nonsense"),
  };
  for (const TzifWriter& writer : bad) EXPECT_EQ(code_of_reading(writer.write()), ErrorCode::kStoreCorrupt);
}

TEST(Tzif, NoByteOfItCanDoHarm) {
  const std::string good =
      TzifWriter().type(0).type(60).transition(1, 1).footer("EST5EDT,M3.2.0,M11.1.0").write();
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char flipped : {'\0', '\x7f', '\xff', '9'}) {
      std::string bytes = good;
      bytes[i] = flipped;
      try {
        const TimeZone zone = TimeZone::from_tzif("X", bytes);
        zone.lookup(CivilTime{});
        zone.period_at(kLatestInstant);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kStoreCorrupt);
      }
    }
  }
}

// The search path is the process's; put back what was there.
class SearchPath : public testing::Test {
 protected:
  SearchPath() { reload_time_zones(); }
  ~SearchPath() override {
    set_time_zone_search_path(saved_);
    reload_time_zones();
  }
  std::vector<std::string> saved_ = time_zone_search_path();
};

void write_zone(const std::string& path, int offset) {
  std::ofstream(path, std::ios::binary) << TzifWriter().type(offset).footer("").write();
}

TEST_F(SearchPath, TheFirstDirectoryWins) {
  const TemporaryDirectory first;
  const TemporaryDirectory second;
  write_zone(first.file("Here"), 60);
  write_zone(second.file("Here"), 120);
  write_zone(second.file("There"), 180);
  set_time_zone_search_path({first.path(), second.path()});
  EXPECT_THAT(time_zone_search_path(), ElementsAre(first.path(), second.path()));
  EXPECT_EQ(TimeZone::load("Here").offset_at(Instant{}).count(), 60);
  EXPECT_EQ(TimeZone::load("There").offset_at(Instant{}).count(), 180);
  EXPECT_EQ(code_of_loading("Europe/Berlin"), ErrorCode::kNotFound);
}

TEST_F(SearchPath, NewDataIsReadAfterAReload) {
  const TemporaryDirectory directory;
  write_zone(directory.file("Zone"), 60);
  set_time_zone_search_path({directory.path()});
  const TimeZone before = TimeZone::load("Zone");
  write_zone(directory.file("Zone"), 120);
  EXPECT_EQ(TimeZone::load("Zone").offset_at(Instant{}).count(), 60);
  reload_time_zones();
  EXPECT_EQ(TimeZone::load("Zone").offset_at(Instant{}).count(), 120);
  EXPECT_EQ(before.offset_at(Instant{}).count(), 60);
}

TEST_F(SearchPath, FilesThatAreNoZonesAreRefused) {
  const TemporaryDirectory directory;
  std::ofstream(directory.file("notes")) << "not a zone";
  std::ofstream(directory.file("huge")) << std::string(1024 * 1024, 'T');
  std::filesystem::create_directory(directory.file("Europe"));
  set_time_zone_search_path({directory.path()});
  EXPECT_EQ(code_of_loading("notes"), ErrorCode::kStoreCorrupt);
  EXPECT_EQ(code_of_loading("huge"), ErrorCode::kStoreCorrupt);
  EXPECT_EQ(code_of_loading("Europe"), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace duetime
