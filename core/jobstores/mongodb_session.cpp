#include "core/jobstores/mongodb_session.h"

#include <algorithm>
#include <array>
#include <climits>
#include <optional>
#include <vector>

#include "core/base/error.h"

namespace duetime {
namespace {

// In calls of drain_changes(), which come every poll_interval(). A write takes a moment, unless the writer is
// held up; after the last of these it has come to its deadline.
constexpr std::array kLooksAgain = {1, 4, 30};

[[noreturn]] void fail(ErrorCode code, const std::string& why) { throw Error(code, "MongoDB: " + why); }

// The integer in a document of the meta collection; nullopt if there is no such document.
std::optional<int64_t> read_number(MongoConnection& connection, const std::string& meta, const char* id,
                                   const char* field) {
  std::optional<int64_t> number;
  connection.find(meta, Bson{{"_id", id}}, Bson{{"limit", 1}}, [&](BsonView document) {
    number = document.integer(field);
    if (!number) {
      fail(ErrorCode::kStoreCorrupt,
           meta + " has a document \"" + id + "\" without an integer " + field + "; choose another prefix");
    }
    return false;
  });
  return number;
}

bool is_empty(MongoConnection& connection, const std::string& collection) {
  bool empty = true;
  connection.find(collection, Bson{}, Bson{{"limit", 1}, {"projection", Bson{{"_id", 1}}}}, [&](BsonView) {
    empty = false;
    return false;
  });
  return empty;
}

// True if the collections are ours and of a version that is known here; false if there are none yet.
bool is_ours(MongoConnection& connection, const MongoNames& names) {
  const std::optional<int64_t> version = read_number(connection, names.meta, "schema", "version");
  if (!version) return false;
  if (*version < 1) fail(ErrorCode::kStoreCorrupt, names.meta + " has no valid schema version");
  if (*version > kMongoSchemaVersion) {
    fail(ErrorCode::kNewerVersion, names.meta + " is of schema version " + std::to_string(*version) +
                                       ", this duetime knows up to " + std::to_string(kMongoSchemaVersion) +
                                       "; the collections were left alone");
  }
  return true;
}

Bson index(const char* name, const Bson& key) { return Bson{{"name", name}, {"key", key}}; }

Bson sparse_index(const char* name, const Bson& key) { return index(name, key).add("sparse", true); }

// One index for each question the store asks, and no more: every one costs a write per run.
void create_indexes(MongoConnection& connection, const MongoNames& names) {
  const std::vector<Bson> of_jobs = {
      index("due", Bson{{"next_run_time", 1}, {"_id", 1}}),
      sparse_index("leases", Bson{{"runs.lease_until", 1}}),
      sparse_index("unfiled", Bson{{"ended.filed_at", 1}}),
      sparse_index("tags", Bson{{"tags", 1}}),
  };
  const std::vector<Bson> of_runs = {
      index("scheduled", Bson{{"scheduled_time", -1}, {"fence", -1}}),
      index("of_job", Bson{{"job_id", 1}, {"scheduled_time", -1}, {"fence", -1}}),
      index("ended", Bson{{"ended_at", -1}, {"_id", -1}}),
  };
  connection.write(Bson{{"createIndexes", names.jobs}, {"indexes", of_jobs}});
  connection.write(Bson{{"createIndexes", names.runs}, {"indexes", of_runs}});
}

// The counter begins at the present time in microseconds, which it cannot catch up with: where somebody drops
// the collections, the numbers of before do not come again.
void create(MongoConnection& connection, const MongoNames& names) {
  create_indexes(connection, names);
  connection.insert(names.meta, {Bson{{"_id", "counter"}, {"value", server_time(connection)}}});
  connection.insert(names.meta, {Bson{{"_id", "schema"}, {"version", kMongoSchemaVersion}}});
}

void prepare(MongoConnection& connection, const MongoNames& names) {
  if (is_ours(connection, names)) return;
  for (const std::string& collection : {names.jobs, names.runs}) {
    if (is_empty(connection, collection) || is_ours(connection, names)) continue;
    fail(ErrorCode::kStoreCorrupt,
         "the collection " + collection + " is not duetime's; choose another prefix");
  }
  create(connection, names);
}

}  // namespace

MongoNames::MongoNames(const std::string& prefix)
    : meta(prefix + "_meta"), jobs(prefix + "_jobs"), runs(prefix + "_runs") {}

MongoSession::MongoSession(const MongoStoreOptions& options)
    : connection(options), names(options.prefix), clock_(options.lease_clock) {
  prepare(connection, names);
  seen_ = counter();
}

int64_t MongoSession::counter() {
  const std::optional<int64_t> value = read_number(connection, names.meta, "counter", "value");
  if (!value) fail(ErrorCode::kStoreUnavailable, names.meta + " was dropped while the store was open");
  return *value;
}

int64_t MongoSession::draw(std::size_t count) {
  const auto step = static_cast<int64_t>(count);
  const std::string answer = connection.write(Bson{{"findAndModify", names.meta},
                                                   {"query", Bson{{"_id", "counter"}}},
                                                   {"update", Bson{{"$inc", Bson{{"value", step}}}}},
                                                   {"fields", Bson{{"value", 1}}},
                                                   {"new", true}});
  const std::optional<BsonView> document = BsonView(answer).document("value");
  const std::optional<int64_t> value = document ? document->integer("value") : std::nullopt;
  if (!value) fail(ErrorCode::kStoreUnavailable, names.meta + " was dropped while the store was open");
  const std::lock_guard lock(mutex_);
  if (seen_ == *value - step) seen_ = *value;
  return *value - step + 1;
}

bool MongoSession::has_changed() {
  const int64_t before = [&] {
    const std::lock_guard lock(mutex_);
    return seen_;
  }();
  const int64_t now = counter();
  const std::lock_guard lock(mutex_);
  if (seen_ != before) return true;  // a call of ours came in between: it is safe to say so
  seen_ = now;
  return now != before;
}

bool MongoSession::drain_changes() {
  const bool changed = has_changed();
  const std::lock_guard lock(mutex_);
  calls_since_ = changed ? 0 : std::min(calls_since_ + 1, INT_MAX - 1);
  return changed || std::ranges::find(kLooksAgain, calls_since_) != kLooksAgain.end();
}

JobPtr MongoSession::parse(std::string_view document) { return documents_.parse(document); }

}  // namespace duetime
