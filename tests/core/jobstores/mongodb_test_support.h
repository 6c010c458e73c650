// What the tests of the MongoDB store share.
#pragma once

#include <string>
#include <vector>

#include "core/base/text.h"
#include "core/jobstores/mongodb.h"
#include "core/jobstores/mongodb_connection.h"
#include "tests/support/job_store_contract.h"
#include "tests/support/mongo_server/mongo_server.h"

namespace duetime {

// Leases on the time that the tests say it is.
inline Instant lease_time_of_tests(const CallTime& time) { return Instant{time.boot_time}; }

// A store of its own for each name.
inline MongoStoreOptions mongo_options(const MongoServer& server, const std::string& name) {
  MongoStoreOptions options;
  options.uri = server.uri();
  options.database = "tests";
  options.prefix = name;
  options.lease_clock = lease_time_of_tests;
  return options;
}

inline JobStorePtr open_mongo_store(const MongoStoreOptions& options) {
  JobStorePtr store = make_mongodb_job_store(options);
  store->open();
  return store;
}

// Past the store: what stands in its collections, and changes to it.
class MongoInside {
 public:
  explicit MongoInside(const MongoStoreOptions& options) : connection_(options), prefix_(options.prefix) {}

  MongoConnection& connection() { return connection_; }
  std::string jobs() const { return prefix_ + "_jobs"; }
  std::string runs() const { return prefix_ + "_runs"; }
  std::string meta() const { return prefix_ + "_meta"; }

  int64_t count(const std::string& collection, const Bson& filter = {}) {
    const std::string answer = connection_.read(Bson{{"count", collection}, {"query", filter}});
    return BsonView(answer).integer("n").value_or(-1);
  }

  // Sets fields of the document with this id, of which there must be one.
  void set(const std::string& collection, const std::string& id, const Bson& fields) {
    const Bson statement{{"q", Bson{{"_id", id}}}, {"u", Bson{{"$set", fields}}}};
    EXPECT_EQ(connection_.update(collection, {statement}).matched, 1) << id;
  }

  // The whole document; empty if there is none.
  std::string document(const std::string& collection, const std::string& id) {
    std::string found;
    connection_.find(collection, Bson{{"_id", id}}, Bson{}, [&](BsonView each) {
      found = each.bytes();
      return false;
    });
    return found;
  }

 private:
  MongoConnection connection_;
  const std::string prefix_;
};

inline std::string name_of(const std::string& directory) {
  return std::filesystem::path(directory).filename().string();
}

inline JobStoreQuirks mongo_quirks() {
  const auto options = [](const std::string& directory) {
    return mongo_options(MongoServer::shared(), name_of(directory));
  };
  return {.name = "mongodb",
          .make = [=](const std::string& directory) { return make_mongodb_job_store(options(directory)); },
          .write_raw =
              [=](const std::string& directory, const std::string& id, const std::string& bytes) {
                MongoInside inside(options(directory));
                const BsonValue value = is_utf8(bytes) ? BsonValue(bytes) : BsonValue::binary(bytes);
                inside.set(inside.jobs(), id, Bson{{"document", value}});
              },
          .read_raw =
              [=](const std::string& directory, const std::string& id) {
                MongoInside inside(options(directory));
                const std::string job = inside.document(inside.jobs(), id);
                return std::string(BsonView(job).find("document")->text_or_binary().value_or("none"));
              },
          .expect_nothing_left =
              [=](const std::string& directory) {
                MongoInside inside(options(directory));
                EXPECT_EQ(inside.count(inside.jobs()), 0);
              },
          .leases_end_with_the_boot = false};
}

inline std::vector<JobStoreQuirks> mongo_quirks_where_there_is_a_server() {
  if (!MongoServer::is_to_be_had()) return {};
  return {mongo_quirks()};
}

}  // namespace duetime
