// A MongoDB server as the store talks to it: commands that take and answer BSON, over connections that are
// kept for the next call, with errors as duetime::Error.
//
// Each connection is a client of the driver's that belongs to one call at a time and has no thread of its
// own, so a fork finds nothing running.
//
// Threads: any.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/fork.h"
#include "core/jobstores/mongodb.h"
#include "core/jobstores/mongodb_bson.h"
#include "core/jobstores/mongodb_library.h"

namespace duetime {

// How many documents were matched, and which statements met an id that is taken.
struct MongoBulkResult {
  int64_t matched = 0;
  std::vector<std::size_t> taken;  // indexes of statements
};

class MongoConnection {
 public:
  // Reads the URI; nothing is sent yet. Throws kInvalidArgument for a wrong URI, kStoreUnavailable without
  // the driver.
  explicit MongoConnection(const MongoStoreOptions& options);
  ~MongoConnection();

  MongoConnection(const MongoConnection&) = delete;
  MongoConnection& operator=(const MongoConnection&) = delete;

  // Runs a command that changes nothing, on the primary; answers the reply. Throws kStoreUnavailable.
  std::string read(const Bson& command, const char* database = nullptr);

  // Runs a command that writes. Throws kTimeout where nobody can say whether it took effect.
  std::string write(const Bson& command);

  // Visits what is found until `visit` answers false.
  void find(const std::string& collection, const Bson& filter, const Bson& options,
            const std::function<bool(BsonView document)>& visit);

  // Many writes in as few commands as fit; each stands for itself. `verb` is insert, update or delete, and a
  // statement what that command takes in its array.
  MongoBulkResult insert(const std::string& collection, const std::vector<Bson>& documents);
  MongoBulkResult update(const std::string& collection, const std::vector<Bson>& statements);
  MongoBulkResult erase(const std::string& collection, const std::vector<Bson>& statements);

  // After fork(), in the child: see JobStore::abandon_after_fork().
  void abandon() noexcept;

 private:
  class Borrowed;
  enum class Effect { kRead, kWrite };

  struct UriDeleter {
    void operator()(MongocUri* uri) const { mongoc_library().mongoc_uri_destroy(uri); }
  };

  void prepare_uri(const MongoStoreOptions& options);
  void limit_time(const char* option, Duration timeout);
  void require_acknowledged_writes();

  MongocClient* borrow();
  void give_back(MongocClient* client, bool usable);

  std::string run(const Bson& command, const char* database, Effect effect);
  MongoBulkResult bulk(const char* verb, const char* array, const std::string& collection,
                       const std::vector<Bson>& statements);

  const MongocLibrary& library_;
  std::unique_ptr<MongocUri, UriDeleter> uri_;
  std::string database_;

  std::mutex mutex_;
  HeldAcrossFork held_across_fork_{mutex_};
  std::vector<MongocClient*> idle_;
};

}  // namespace duetime
