#include "core/jobstores/mongodb_import.h"

#include <chrono>
#include <thread>
#include <unordered_set>

#include "core/base/error.h"
#include "core/base/text.h"

namespace duetime {
namespace {

constexpr const char* kStaging = "staging";
constexpr const char* kDecided = "decided";
constexpr const char* kDone = "done";

constexpr Duration kLease = std::chrono::seconds(60);
constexpr Duration kPause = std::chrono::milliseconds(100);
constexpr std::size_t kStagedAtOnce = 1'000;

std::string marker_id(std::string_view source) { return "import:" + std::string(source); }

struct Marker {
  std::string state;
  std::string holder;
  Instant until;
};

class Import {
 public:
  Import(MongoSession& session, std::string_view source)
      : session_(session), source_(source), id_(marker_id(source)) {}

  bool is_done() { return read().value_or(Marker{}).state == kDone; }

  bool run(std::span<const NewJob> jobs, Duration patience) {
    const std::optional<Marker> taken = take(patience);
    if (!taken) return false;
    const bool ours = taken->state == kStaging;
    if (ours) {
      stage(jobs);
      decide();
    }
    show(ours ? holder_ : taken->holder);
    finish();
    return ours;
  }

 private:
  // The marker as it was when it became ours; nullopt where the import is done.
  std::optional<Marker> take(Duration patience) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    for (;;) {
      std::optional<Marker> marker = read();
      const Instant now = server_time(session_.connection);
      if (!marker) {
        if (insert(now)) return Marker{kStaging, holder_, now + kLease};
      } else if (marker->state == kDone) {
        return std::nullopt;
      } else if (marker->until < now) {
        if (take_over(*marker, now)) return marker;
      } else {
        if (std::chrono::steady_clock::now() >= give_up) fail("another node is importing ");
        std::this_thread::sleep_for(kPause);
      }
    }
  }

  std::optional<Marker> read() {
    std::optional<Marker> marker;
    session_.connection.find(session_.names.meta, Bson{{"_id", id_}}, Bson{{"limit", 1}},
                             [&](BsonView document) {
                               marker = Marker{std::string(document.text("state").value_or("")),
                                               std::string(document.text("holder").value_or("")),
                                               from_micros(document.integer("until").value_or(0))};
                               return false;
                             });
    return marker;
  }

  bool insert(Instant now) {
    const Bson marker{{"_id", id_}, {"state", kStaging}, {"holder", holder_}, {"until", now + kLease}};
    return session_.connection.insert(session_.names.meta, {marker}).taken.empty();
  }

  // Who has decided stays the holder: the jobs to be shown are marked with it.
  bool take_over(const Marker& marker, Instant now) {
    Bson set{{"until", now + kLease}};
    if (marker.state == kStaging) set.add("holder", holder_);
    return change(Bson{{"_id", id_}, {"holder", marker.holder}, {"until", marker.until}}, set);
  }

  bool change(const Bson& filter, const Bson& set) {
    const Bson statement = update_statement(filter, Bson{{"$set", set}});
    return session_.connection.update(session_.names.meta, {statement}).matched == 1;
  }

  Bson while_ours() const { return Bson{{"_id", id_}, {"holder", holder_}, {"state", kStaging}}; }

  void keep() {
    if (!change(while_ours(), Bson{{"until", server_time(session_.connection) + kLease}})) {
      fail("another node has taken over from this one, importing ");
    }
  }

  void decide() {
    if (!change(while_ours(), Bson{{"state", kDecided}})) {
      fail("another node has taken over from this one, importing ");
    }
  }

  // Of two jobs with one id the first.
  void stage(std::span<const NewJob> jobs) {
    std::unordered_set<std::string_view> seen;
    std::vector<const NewJob*> batch;
    for (const NewJob& job : jobs) {
      if (seen.insert(job.job->id).second) batch.push_back(&job);
      if (batch.size() < kStagedAtOnce) continue;
      stage_batch(batch);
      batch.clear();
      keep();
    }
    if (!batch.empty()) stage_batch(batch);
  }

  void stage_batch(const std::vector<const NewJob*>& batch) {
    const int64_t number = session_.draw(batch.size());
    std::vector<MongoChange> changes;
    std::vector<Bson> documents;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      changes.push_back(staged(*batch[i], number + static_cast<int64_t>(i)));
      documents.push_back(changes.back().new_document(batch[i]->job->id, number + static_cast<int64_t>(i)));
    }
    std::vector<Bson> over;  // what does not take its id, and what an importer that died had staged
    for (const std::size_t i : session_.connection.insert(session_.names.jobs, documents).taken) {
      const Bson filter{{"_id", batch[i]->job->id}, {"status", free_status()}};
      over.push_back(update_statement(filter, changes[i].update()));
    }
    if (!over.empty()) session_.connection.update(session_.names.jobs, over);
  }

  // Without a status that anybody looks for; the one to come is kept aside.
  MongoChange staged(const NewJob& job, int64_t number) const {
    const JobPosition& position = job.position;
    Bson to_come{{"source", source_}, {"holder", holder_}, {"status", stored_word(position.status)}};
    if (position.next_run_time) to_come.add("next_run_time", *position.next_run_time);
    MongoChange change;
    change.definition(*job.job).revision(number).status(kImportingWord).nothing_due();
    change.set.add("fire_time", position.fire_time).add("import", to_come);
    return change;
  }

  void show(const std::string& holder) {
    std::vector<Bson> statements;
    session_.connection.find(session_.names.jobs, staged_by(Bson{}, holder), Bson{}, [&](BsonView document) {
      const std::optional<BsonView> import = document.document("import");
      const std::optional<std::string_view> id = document.text("_id");
      if (id && import) statements.push_back(show_statement(*id, *import, holder));
      return true;
    });
    if (!statements.empty()) session_.connection.update(session_.names.jobs, statements);
  }

  Bson staged_by(Bson filter, std::string_view holder) const {
    return filter.add("status", kImportingWord).add("import.source", source_).add("import.holder", holder);
  }

  Bson show_statement(std::string_view id, BsonView import, std::string_view holder) const {
    MongoChange change;
    change.set.add("status", import.text("status").value_or(stored_word(JobStatus::kPaused)));
    if (const std::optional<int64_t> due = import.integer("next_run_time")) {
      change.set.add("next_run_time", *due);
    }
    change.unset.add("import", "");
    return update_statement(staged_by(Bson{{"_id", id}}, holder), change.update());
  }

  // What another importer had staged before it died, and this one did not meet, goes.
  void finish() {
    const Bson left{
        {"status", kImportingWord}, {"import.source", source_}, {"runs.0", Bson{{"$exists", false}}}};
    session_.connection.erase(session_.names.jobs, {Bson{{"q", left}, {"limit", 0}}});
    session_.draw();  // tells the other nodes
    change(Bson{{"_id", id_}, {"state", kDecided}}, Bson{{"state", kDone}});
  }

  [[noreturn]] void fail(const char* why) const {
    throw Error(ErrorCode::kStoreUnavailable, "MongoDB: " + std::string(why) + in_quotes(source_));
  }

  MongoSession& session_;
  const std::string source_;
  const std::string id_;
  const std::string holder_ = to_string(make_uuid());
};

}  // namespace

bool import_once(MongoSession& session, std::string_view source, std::span<const NewJob> jobs,
                 Duration patience) {
  return Import(session, source).run(jobs, patience);
}

bool is_imported(MongoSession& session, std::string_view source) { return Import(session, source).is_done(); }

}  // namespace duetime
