#include "core/jobstores/mongodb_connection.h"

#include <algorithm>
#include <array>
#include <climits>

#include "core/base/error.h"
#include "core/base/text.h"

namespace duetime {
namespace {

// Of the driver's error domains and codes, and of MongoDB's.
constexpr uint32_t kClientDomain = 1;
constexpr uint32_t kStreamDomain = 2;
constexpr uint32_t kProtocolDomain = 3;
constexpr uint32_t kBsonDomain = 8;
constexpr uint32_t kCommandDomain = 11;
constexpr uint32_t kServerSelectionDomain = 15;
constexpr uint32_t kWriteConcernDomain = 16;
constexpr uint32_t kServerDomain = 17;
constexpr uint32_t kNameResolution = 3;
constexpr uint32_t kConnect = 5;
constexpr int64_t kDuplicateKey = 11000;

constexpr int kPrimary = 1;
constexpr int32_t kMajority = -3;
constexpr int32_t kDefaultW = -2;
constexpr int32_t kServerErrorsByCode = 2;

// A command must stay below 16 MiB; one document may have more than a MiB of payload.
constexpr std::size_t kLargestBulk = std::size_t{12} * 1024 * 1024;
constexpr std::size_t kLongestBulk = 10'000;

struct ServerCode {
  int64_t number;
  ErrorCode code;
};

// What is not here is told as kStoreUnavailable: rights that are missing, elections, shutdowns.
constexpr std::array kServerCodes = {
    ServerCode{10334, ErrorCode::kInvalidArgument},  // BSONObjectTooLarge
    ServerCode{17280, ErrorCode::kInvalidArgument},  // KeyTooLong, of servers before 4.2
    ServerCode{14031, ErrorCode::kStoreFull},        // OutOfDiskSpace
    ServerCode{8000, ErrorCode::kStoreFull},         // AtlasError: over a quota
    ServerCode{121, ErrorCode::kStoreCorrupt},       // DocumentValidationFailure: somebody else's rules
    ServerCode{166, ErrorCode::kStoreCorrupt},       // CommandNotSupportedOnView
    ServerCode{50, ErrorCode::kTimeout},             // MaxTimeMSExpired
    ServerCode{64, ErrorCode::kTimeout},             // WriteConcernFailed
    ServerCode{kDuplicateKey, ErrorCode::kConflict},
};

ErrorCode code_of_server(int64_t number) {
  const auto* const found = std::ranges::find(kServerCodes, number, &ServerCode::number);
  return found == kServerCodes.end() ? ErrorCode::kStoreUnavailable : found->code;
}

bool is_about_the_network(const MongocError& error) {
  return error.domain == kStreamDomain || error.domain == kServerSelectionDomain ||
         error.domain == kProtocolDomain || error.domain == kClientDomain;
}

// Whether a request had been sent when the network failed.
bool may_have_been_sent(const MongocError& error) {
  if (error.domain == kProtocolDomain) return true;
  return error.domain == kStreamDomain && error.code != kNameResolution && error.code != kConnect;
}

ErrorCode code_of(const MongocError& error, bool writing) {
  if (error.domain == kServerDomain) return code_of_server(error.code);
  if (error.domain == kWriteConcernDomain) return ErrorCode::kTimeout;
  if (error.domain == kBsonDomain || error.domain == kCommandDomain) return ErrorCode::kInternal;
  return writing && may_have_been_sent(error) ? ErrorCode::kTimeout : ErrorCode::kStoreUnavailable;
}

[[noreturn]] void fail(ErrorCode code, const std::string& why) { throw Error(code, "MongoDB: " + why); }

[[noreturn]] void fail(const MongocError& error, bool writing) {
  const ErrorCode code = code_of(error, writing);
  const bool unknown = code == ErrorCode::kTimeout;
  fail(code, error.message + std::string(unknown ? "; whether the change was kept is unknown" : ""));
}

class InputBson {
 public:
  InputBson(const MongocLibrary& library, const Bson& document) {
    const std::string_view bytes = document.bytes();
    if (!library.bson_init_static(&bson_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size())) {
      fail(ErrorCode::kInvalidArgument,
           "a document of " + std::to_string(bytes.size()) + " bytes is too large");
    }
  }
  const MongocBson* get() const { return &bson_; }

 private:
  MongocBson bson_;
};

std::string_view bytes_of(const MongocLibrary& library, const MongocBson& bson) {
  return {reinterpret_cast<const char*>(library.bson_get_data(&bson)), bson.size};
}

int32_t milliseconds(Duration duration) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<int32_t>(std::clamp<int64_t>(count, 1, INT_MAX));
}

// The statements of the next command: as many as fit.
std::size_t batch_size(const std::vector<Bson>& statements, std::size_t from) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (from + count < statements.size() && count < kLongestBulk) {
    bytes += statements[from + count].bytes().size();
    if (count > 0 && bytes > kLargestBulk) break;
    ++count;
  }
  return count;
}

// Duplicate keys are answers; anything else that went wrong with a statement is an error.
void read_write_errors(BsonView reply, std::size_t offset, MongoBulkResult& result) {
  const std::optional<BsonView> errors = reply.document("writeErrors");
  if (!errors) return;
  errors->for_each([&](const BsonElement& element) {
    const std::optional<BsonView> error = element.document();
    if (!error) return;
    const int64_t number = error->integer("code").value_or(0);
    if (number != kDuplicateKey) {
      fail(code_of_server(number), std::string(error->text("errmsg").value_or("a write failed")));
    }
    result.taken.push_back(offset + static_cast<std::size_t>(error->integer("index").value_or(0)));
  });
}

}  // namespace

// A client that belongs to this call. One whose connection failed is not given to the next: a new one looks
// for the server anew.
class MongoConnection::Borrowed {
 public:
  explicit Borrowed(MongoConnection& connection) : connection_(connection), client_(connection.borrow()) {}
  ~Borrowed() { connection_.give_back(client_, usable_); }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;

  MongocClient* get() const { return client_; }

  [[noreturn]] void fail_with(const MongocError& error, bool writing) {
    usable_ = !is_about_the_network(error);
    fail(error, writing);
  }

 private:
  MongoConnection& connection_;
  MongocClient* const client_;
  bool usable_ = true;
};

MongoConnection::MongoConnection(const MongoStoreOptions& options) : library_(mongoc_library()) {
  MongocError error;
  uri_.reset(library_.mongoc_uri_new_with_error(options.uri.c_str(), &error));
  // The driver's words may quote the URI, and with it a password.
  if (!uri_) throw Error(ErrorCode::kInvalidArgument, "MongoDB store: the URI is not valid");
  prepare_uri(options);
  const char* const named = library_.mongoc_uri_get_database(uri_.get());
  database_ = !options.database.empty() ? options.database : named && *named ? named : kMongoDefaultDatabase;
}

MongoConnection::~MongoConnection() {
  for (MongocClient* client : idle_) library_.mongoc_client_destroy(client);
}

void MongoConnection::prepare_uri(const MongoStoreOptions& options) {
  limit_time("serverselectiontimeoutms", std::min<Duration>(options.timeout, std::chrono::seconds(5)));
  limit_time("connecttimeoutms", std::min<Duration>(options.timeout, std::chrono::seconds(5)));
  limit_time("sockettimeoutms", options.timeout);
  // Whatever the URI prefers for reading: a secondary may not have heard of a claim yet.
  MongocReadPrefs* const primary = library_.mongoc_read_prefs_new(kPrimary);
  library_.mongoc_uri_set_read_prefs_t(uri_.get(), primary);
  library_.mongoc_read_prefs_destroy(primary);
  require_acknowledged_writes();
}

void MongoConnection::limit_time(const char* option, Duration timeout) {
  if (library_.mongoc_uri_has_option(uri_.get(), option)) return;
  library_.mongoc_uri_set_option_as_int32(uri_.get(), option, milliseconds(timeout));
}

// Unless the URI says how many servers must have a write before it counts, a majority must: what fewer have,
// an election may undo, and with it a claim.
void MongoConnection::require_acknowledged_writes() {
  const MongocWriteConcern* const said = library_.mongoc_uri_get_write_concern(uri_.get());
  if (!library_.mongoc_write_concern_is_acknowledged(said)) {
    throw Error(ErrorCode::kInvalidArgument,
                "MongoDB store: the URI says w=0, but writes must be acknowledged");
  }
  if (library_.mongoc_write_concern_get_w(said) != kDefaultW) return;
  MongocWriteConcern* const majority = library_.mongoc_write_concern_copy(said);
  library_.mongoc_write_concern_set_w(majority, kMajority);
  library_.mongoc_uri_set_write_concern(uri_.get(), majority);
  library_.mongoc_write_concern_destroy(majority);
}

MongocClient* MongoConnection::borrow() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      MongocClient* const client = idle_.back();
      idle_.pop_back();
      return client;
    }
  }
  MongocError error;
  MongocClient* const client = library_.mongoc_client_new_from_uri_with_error(uri_.get(), &error);
  if (!client) fail(ErrorCode::kStoreUnavailable, error.message);
  library_.mongoc_client_set_error_api(client, kServerErrorsByCode);
  return client;
}

void MongoConnection::give_back(MongocClient* client, bool usable) {
  std::vector<MongocClient*> broken;
  {
    const std::lock_guard lock(mutex_);
    if (usable) {
      idle_.push_back(client);
    } else {
      broken.swap(idle_);  // what broke one connection has most likely broken the others
      broken.push_back(client);
    }
  }
  for (MongocClient* each : broken) library_.mongoc_client_destroy(each);
}

// Whether TLS is used or not, the child says nothing to the server. Of TLS the driver takes leave when a
// client is destroyed, in words that would end the parent's connection too; such clients are left as they
// are.
void MongoConnection::abandon() noexcept {
  std::vector<MongocClient*> inherited;
  {
    const std::lock_guard lock(mutex_);
    inherited.swap(idle_);
  }
  if (library_.mongoc_uri_get_tls(uri_.get())) return;
  for (MongocClient* client : inherited) {
    library_.mongoc_client_reset(client);
    library_.mongoc_client_destroy(client);
  }
}

std::string MongoConnection::read(const Bson& command, const char* database) {
  return run(command, database ? database : database_.c_str(), Effect::kRead);
}

std::string MongoConnection::write(const Bson& command) {
  return run(command, database_.c_str(), Effect::kWrite);
}

std::string MongoConnection::run(const Bson& command, const char* database, Effect effect) {
  const InputBson input(library_, command);
  Borrowed client(*this);
  MongocBson reply;
  MongocError error;
  const bool writing = effect == Effect::kWrite;
  const bool ok = writing ? library_.mongoc_client_write_command_with_opts(
                                client.get(), database, input.get(), nullptr, &reply, &error)
                          : library_.mongoc_client_command_simple(client.get(), database, input.get(),
                                                                  nullptr, &reply, &error);
  std::string answer(bytes_of(library_, reply));
  library_.bson_destroy(&reply);
  if (!ok) client.fail_with(error, writing);
  return answer;
}

void MongoConnection::find(const std::string& collection, const Bson& filter, const Bson& options,
                           const std::function<bool(BsonView)>& visit) {
  const InputBson filter_input(library_, filter);
  const InputBson options_input(library_, options);
  Borrowed client(*this);
  const auto destroy_collection = [&](MongocCollection* each) { library_.mongoc_collection_destroy(each); };
  const auto destroy_cursor = [&](MongocCursor* each) { library_.mongoc_cursor_destroy(each); };
  const std::unique_ptr<MongocCollection, decltype(destroy_collection)> handle(
      library_.mongoc_client_get_collection(client.get(), database_.c_str(), collection.c_str()),
      destroy_collection);
  const std::unique_ptr<MongocCursor, decltype(destroy_cursor)> cursor(
      library_.mongoc_collection_find_with_opts(handle.get(), filter_input.get(), options_input.get(),
                                                nullptr),
      destroy_cursor);
  const MongocBson* document = nullptr;
  while (library_.mongoc_cursor_next(cursor.get(), &document)) {
    if (!visit(BsonView(bytes_of(library_, *document)))) return;
  }
  MongocError error;
  if (library_.mongoc_cursor_error(cursor.get(), &error)) client.fail_with(error, false);
}

MongoBulkResult MongoConnection::insert(const std::string& collection, const std::vector<Bson>& documents) {
  return bulk("insert", "documents", collection, documents);
}

MongoBulkResult MongoConnection::update(const std::string& collection, const std::vector<Bson>& statements) {
  return bulk("update", "updates", collection, statements);
}

MongoBulkResult MongoConnection::erase(const std::string& collection, const std::vector<Bson>& statements) {
  return bulk("delete", "deletes", collection, statements);
}

MongoBulkResult MongoConnection::bulk(const char* verb, const char* array, const std::string& collection,
                                      const std::vector<Bson>& statements) {
  MongoBulkResult result;
  for (std::size_t from = 0; from < statements.size();) {
    const std::size_t count = batch_size(statements, from);
    const auto begin = statements.begin() + static_cast<std::ptrdiff_t>(from);
    const std::vector<Bson> batch(begin, begin + static_cast<std::ptrdiff_t>(count));
    const std::string answer = write(Bson{{verb, collection}, {"ordered", false}, {array, batch}});
    const BsonView reply(answer);
    result.matched += reply.integer("n").value_or(0);
    read_write_errors(reply, from, result);
    from += count;
  }
  return result;
}

}  // namespace duetime
