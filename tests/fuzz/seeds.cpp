#include "tests/fuzz/seeds.h"

#include <filesystem>
#include <fstream>
#include <set>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/jobstores/mongodb_bson.h"
#include "core/time/time_zone.h"
#include "core/time/tzif.h"
#include "core/triggers/cron.h"

namespace duetime::fuzz {
namespace {

namespace fs = std::filesystem;

// What no table has.
const Seeds kOwnSeeds = {
    {"base64", {"", "QQ==", "QUI=", "QUJD", "QUJDREVGRw==", "Q===", "QQ=A", "Q Q="}},
    {"bson",
     {std::string(Bson{}.bytes()),
      std::string(Bson{{"_id", "job"}, {"n", 5}, {"yes", true}, {"none", std::nullopt}}.bytes()),
      std::string(
          Bson{{"runs", std::vector<Bson>{Bson{{"fence", 1}}}}, {"raw", BsonValue::binary("x")}}.bytes())}},
    {"civil_text",
     {"2026-11-23", "0001-01-01", "9999-12-31", "2024-02-29", "2023-02-29", "09:30", "23:59:59", "24:00"}},
    {"instant",
     {"2026-11-23T09:30:00Z", "2026-11-23t09:30:00.5z", "0001-01-01T00:00:00.000000Z",
      "2026-11-23 09:30:00+05:30", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-01:00",
      "0001-01-01T00:00:00+01:00"}},
    {"json",
     {"{\"a\":[1,-2.5e3,true,null,\"\\u00e9\\n\"]}", "[[[]]]", "\"\\ud83d\\ude00\"", "18446744073709551615"}},
    {"posix_rule",
     {"<+03>-3", "EST5EDT,0/0,J365/25", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "IST-1GMT0,M10.5.0,M3.5.0/1"}},
    {"redis_rows",
     {std::string("7 7 7 scheduled 1767603600000000 1767603600000000 default") + '\0' +
          "tests:task\x1e"
          R"({"version":1,"id":"job","task":"tests:task","trigger":{"type":"date","run_time":"2026-01-05T09:00:00Z"}})",
      "0123456789abcdef0123456789abcdef 0123456789abcdef0123456789abcdef 0 0123456789abcdef0123456789abcdef\n"
      R"({"job_id":"job","task":"t","job_revision":1,"claimed_at":1,"claimed_boot_time":1,"runs":)"
      R"([{"id":"0123456789abcdef0123456789abcdef","scheduled_time":1,"fire_time":1,"attempt":1}]})",
      "\x1e"
      R"({"id":"0123456789abcdef0123456789abcdef","job_id":"job","task":"t","job_revision":1,"scheduled_time":1,)"
      R"("attempt":1,"state":"succeeded","owner":"0123456789abcdef0123456789abcdef","fence":1,"claimed_at":1})"}},
    {"resp",
     {"+OK\r\n", "-ERR no\r\n", ":-5\r\n", "$5\r\nhello\r\n", "$-1\r\n", "*-1\r\n",
      "*2\r\n:1\r\n*1\r\n$1\r\n7\r\n",
      "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nn\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n",
      "HTTP/1.1 400 Bad Request\r\n"}},
    {"utf8",
     {"plain", "na\u00efve", "\xf0\x9f\x98\x80", "\xc0\x80", "\xed\xa0\x80", std::string("\0\x7f", 2)}},
    {"uuid",
     {"0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789abcde",
      "-123456789abcdef0123456789abcdef"}},
    {"wall_time",
     {"2026-11-23T09:00:00", "2026-11-23", "20261123T090000", "20261123", "20261123T080000Z",
      "2016-12-31T23:59:60"}},
    {"zone_name",
     {"Area/City", "UCT", "UTC", "+05:30", "-00:00:15", "../Outside", "Area/../../Outside", "zone.tab"}},
};

Json read_tables(const fs::path& file) { return Json::parse(std::ifstream(file)); }

// By value: a loop over a part of a temporary would outlive it.
Json rows_of(const fs::path& file, const char* table) { return read_tables(file).at(table); }

bool has_text(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string();
}

std::string text_of(const Json& object, const char* member) {
  return has_text(object, member) ? object.at(member).get<std::string>() : std::string();
}

// As cron_fields_fuzz.cpp reads them.
std::string field_lines(const Json& fields) {
  std::string lines;
  for (const char* name : kCronFieldNames) lines += text_of(fields, name) + "\n";
  return lines;
}

class SeedCollector {
 public:
  Seeds take() { return std::move(seeds_); }

  void add(const char* target, const std::string& seed) {
    if (added_.insert(target + ("\n" + seed)).second) seeds_[target].push_back(seed);
  }

  // Whatever in a table looks like an input of some target.
  void visit(const Json& value) {
    if (value.is_object()) add_object(value);
    for (const Json& part : value) {
      if (part.is_structured()) visit(part);
    }
  }

 private:
  void add_object(const Json& object) {
    if (has_text(object, "type")) add("trigger", to_text(object));
    if (has_text(object, "dialect") && has_text(object, "expression")) {
      const bool is_quartz = object["dialect"] == "quartz";
      add(is_quartz ? "quartz" : "crontab", text_of(object, "expression"));
    }
    if (object.contains("fields") && object["fields"].is_object())
      add("cron_fields", field_lines(object["fields"]));
    if (has_text(object, "rrule")) add("rrule", text_of(object, "rrule"));
    if (has_text(object, "now")) add("instant", text_of(object, "now"));
    add_calendars(object);
  }

  void add_calendars(const Json& object) {
    const auto calendars = object.find("calendars");
    if (calendars == object.end() || !calendars->is_array()) return;
    for (const Json& calendar : *calendars) add("exclusion_calendar", to_text(calendar));
  }

  Seeds seeds_;
  std::set<std::string> added_;
};

void add_errors(SeedCollector& seeds, const fs::path& data) {
  for (const char* dialect : {"crontab", "quartz"}) {
    for (const Json& row : rows_of(data / (std::string(dialect) + "_errors.json"), "errors")) {
      seeds.add(dialect, row.at(0).get<std::string>());
    }
  }
  for (const Json& row : rows_of(data / "cron_expressions.json", "expressions")) {
    seeds.add("cron_fields", field_lines({{row.at(0).get<std::string>(), row.at(1)}}));
  }
  for (const Json& row : rows_of(data / "rrule_errors.json", "texts")) {
    seeds.add("recurrence", row.at("text").get<std::string>());
  }
}

// "1997-09-02T09:00:00" as iCalendar writes it.
std::string without_punctuation(std::string time) {
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return time;
}

void add_recurrences(SeedCollector& seeds, const fs::path& data) {
  for (const Json& rows : read_tables(data / "rrule_fires.json")) {
    if (!rows.is_array()) continue;
    for (const Json& row : rows) {
      const std::string begin = without_punctuation(text_of(row, "dtstart"));
      const std::string zone = text_of(row, "timezone");
      seeds.add("recurrence", "DTSTART;TZID=" + zone + ":" + begin + "\r\nRRULE:" + text_of(row, "rrule") +
                                  "\r\nEXDATE;VALUE=DATE:" + begin.substr(0, 8) + "\r\n");
    }
  }
}

void add_job_documents(SeedCollector& seeds, const fs::path& data) {
  const Json tables = read_tables(data / "job_documents.json");
  for (const char* table : {"valid", "invalid"}) {
    for (const Json& row : tables.at(table)) seeds.add("job_document", to_text(row.at("document")));
  }
}

// Empty if the system has no such file.
std::string zone_file(const std::string& zone) {
  for (const std::string& directory : time_zone_search_path()) {
    std::ifstream file(fs::path(directory) / zone, std::ios::binary);
    if (file) return {std::istreambuf_iterator<char>(file), {}};
  }
  return {};
}

void add_zones(SeedCollector& seeds, const fs::path& data) {
  std::set<std::string> zones;
  for (const Json& row : rows_of(data / "zones.json", "offsets")) zones.insert(row.at(0).get<std::string>());
  for (const std::string& zone : zones) {
    const std::string bytes = zone_file(zone);
    if (bytes.empty()) continue;
    seeds.add("tzif", bytes);
    seeds.add("posix_rule", std::string(parse_tzif(bytes, zone).footer));
  }
}

}  // namespace

Seeds make_seeds() {
  const fs::path data = fs::path(DUETIME_SOURCE_DIR) / "tests/data";
  SeedCollector seeds;
  for (const auto& [target, own] : kOwnSeeds) {
    for (const std::string& seed : own) seeds.add(target.c_str(), seed);
  }
  for (const auto& file : fs::directory_iterator(data)) {
    if (file.path().extension() == ".json") seeds.visit(read_tables(file.path()));
  }
  add_errors(seeds, data);
  add_recurrences(seeds, data);
  add_job_documents(seeds, data);
  add_zones(seeds, data);
  return seeds.take();
}

}  // namespace duetime::fuzz
