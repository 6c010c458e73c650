// The machine loses its power: of what SQLite wrote and did not sync, any sector may be on the disk or not.
// All that is written while jobs are added, claimed and completed is kept in a journal, and at each of its
// steps the disk is made as a loss there might have left it. What the store had acknowledged must be on it.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/core/jobstores/sqlite_test_support.h"

namespace duetime {
namespace {

constexpr std::size_t kSector = 512;
constexpr int kRounds = 25;

struct Step {
  enum class Kind { kWrite, kTruncate, kSync };
  Kind kind;
  std::string file;
  std::size_t offset = 0;  // or the size to truncate to
  std::string bytes;
};

// --- the journal, kept by a VFS that hands every call on

struct NotedFile {
  std::string name;
  const sqlite3_io_methods* methods;  // the real ones
};

std::vector<Step>* journal = nullptr;
std::map<sqlite3_file*, NotedFile> noted;
std::map<const sqlite3_io_methods*, sqlite3_io_methods> noting_methods;  // by the real ones
sqlite3_vfs* real_vfs = nullptr;
sqlite3_vfs noting_vfs;

// Answers the real methods.
const sqlite3_io_methods& note(Step::Kind kind, sqlite3_file* file, sqlite3_int64 offset, std::string bytes) {
  const NotedFile& known = noted.at(file);
  if (journal) journal->push_back({kind, known.name, static_cast<std::size_t>(offset), std::move(bytes)});
  return *known.methods;
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  std::string copy(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
  return note(Step::Kind::kWrite, file, offset, std::move(copy)).xWrite(file, bytes, size, offset);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  return note(Step::Kind::kTruncate, file, size, {}).xTruncate(file, size);
}

int sync(sqlite3_file* file, int flags) { return note(Step::Kind::kSync, file, 0, {}).xSync(file, flags); }

int close(sqlite3_file* file) {
  const NotedFile known = noted.at(file);
  noted.erase(file);
  return known.methods->xClose(file);
}

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const int code = real_vfs->xOpen(vfs, name, file, flags, out_flags);
  const bool is_kept = (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0;
  if (code != SQLITE_OK || !is_kept || !file->pMethods) return code;
  noted[file] = {name, file->pMethods};
  sqlite3_io_methods& methods = noting_methods[file->pMethods];
  methods = *file->pMethods;
  methods.xWrite = write;
  methods.xTruncate = truncate;
  methods.xSync = sync;
  methods.xClose = close;
  file->pMethods = &methods;
  return code;
}

template <typename Function>
Function sqlite_function(const char* name) {
  sqlite_library();  // is loaded
  void* const library = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_NOLOAD);
  void* const function = dlsym(library ? library : RTLD_DEFAULT, name);
  if (library) dlclose(library);
  return reinterpret_cast<Function>(function);
}

class NotingVfs {
 public:
  NotingVfs() {
    real_vfs = sqlite_function<decltype(&sqlite3_vfs_find)>("sqlite3_vfs_find")(nullptr);
    noting_vfs = *real_vfs;
    noting_vfs.zName = "noting";
    noting_vfs.pNext = nullptr;
    noting_vfs.xOpen = open;
    sqlite_function<decltype(&sqlite3_vfs_register)>("sqlite3_vfs_register")(&noting_vfs, 1);
  }
  ~NotingVfs() {
    sqlite_function<decltype(&sqlite3_vfs_unregister)>("sqlite3_vfs_unregister")(&noting_vfs);
    sqlite_function<decltype(&sqlite3_vfs_register)>("sqlite3_vfs_register")(real_vfs, 1);
  }
};

// --- what a loss of power leaves

std::string text_in(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(std::string& content, std::size_t offset, std::string_view bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  bytes.copy(content.data() + offset, bytes.size());
}

using Files = std::map<std::string, std::string>;

// What was synced is there; of the rest, each sector by chance.
void lose_power(Files& files, std::span<const Step> steps, std::mt19937& chance) {
  std::map<std::string, std::size_t> synced;  // file -> how many steps are safe
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind == Step::Kind::kSync) synced[steps[i].file] = i;
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    const bool is_safe = i < synced[step.file];
    const auto stays = [&] { return is_safe || chance() % 2 == 0; };
    std::string& content = files[step.file];
    if (step.kind == Step::Kind::kTruncate && stays()) content.resize(step.offset);
    for (std::size_t from = 0; from < step.bytes.size(); from += kSector) {
      if (stays()) put(content, step.offset + from, std::string_view(step.bytes).substr(from, kSector));
    }
  }
}

SqliteStoreOptions durable(const std::string& path) {
  SqliteStoreOptions options = sqlite_options(path);
  options.full_sync = true;
  return options;
}

// How many jobs had been added and runs ended, and acknowledged, after so many steps.
struct Acknowledged {
  std::size_t steps;
  std::size_t jobs;
  std::size_t runs;
};

std::vector<Acknowledged> work(JobStore& store, const std::string& path, const std::vector<Step>& steps) {
  std::vector<Acknowledged> words;
  for (std::size_t i = 0; i < kRounds; ++i) {
    const NewJob job = scheduled(minutely_job("job-" + std::to_string(i)), static_cast<double>(i));
    store.add(std::span(&job, 1), OnConflict::kFail);
    words.push_back({steps.size(), i + 1, i});
    const Exclusions none;
    ClaimRequest request;
    request.owner = make_uuid();
    request.claim_id = make_uuid();
    request.time = call_time(static_cast<double>(i));
    request.boot_id = "boot";
    request.lease = std::chrono::seconds(30);
    request.limit = 1;
    request.exclusions = &none;
    const ClaimPtr claim = store.claim_due(request, run_minutely).claims.at(0);
    const RunEnd end = end_of(claim, 0, RunState::kSucceeded, static_cast<double>(i));
    store.complete(std::span(&end, 1), call_time(static_cast<double>(i)));
    words.push_back({steps.size(), i + 1, i + 1});
    // The log begins anew, over what is in it.
    if (i % 8 == 7) query(path, "PRAGMA wal_checkpoint(RESTART)");
  }
  return words;
}

TEST(SqlitePowerLoss, LosesNothingThatWasAcknowledged) {
  const NotingVfs noting;
  const TemporaryDirectory directory;
  const std::string path = database_in(directory.path());
  const JobStorePtr store = make_sqlite_job_store(durable(path));
  store->open();
  store->close();
  const Files before = {{path, text_in(path)}};

  std::vector<Step> steps;
  journal = &steps;
  store->open();
  const std::vector<Acknowledged> words = work(*store, path, steps);
  journal = nullptr;
  store->close();
  ASSERT_GT(steps.size(), 100u);

  std::mt19937 chance(1);
  for (std::size_t cut = 0; cut <= steps.size(); ++cut) {
    Files files = before;
    lose_power(files, std::span(steps).first(cut), chance);
    const TemporaryDirectory left;
    for (const auto& [name, content] : files) {
      std::ofstream(left.file(name.substr(directory.path().size() + 1)), std::ios::binary) << content;
    }
    Acknowledged last{0, 0, 0};
    for (const Acknowledged& word : words) {
      if (word.steps <= cut) last = word;
    }
    const std::string found = database_in(left.path());
    const JobStorePtr again = make_sqlite_job_store(sqlite_options(found));
    again->open();
    const std::size_t ended = again->list_runs({.state = RunState::kSucceeded, .limit = SIZE_MAX}).size();
    EXPECT_GE(again->count(), last.jobs) << "cut " << cut;
    EXPECT_LE(again->count(), last.jobs + 1) << "cut " << cut;
    EXPECT_GE(ended, last.runs) << "cut " << cut;
    EXPECT_LE(ended, last.runs + 1) << "cut " << cut;
    EXPECT_EQ(query(found, "PRAGMA integrity_check"), "ok") << "cut " << cut;
    again->close();
    ASSERT_FALSE(HasFailure());
  }
}

}  // namespace
}  // namespace duetime
