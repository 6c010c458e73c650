#include "core/jobstores/postgresql_runs.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_set>

namespace duetime {
namespace {

constexpr int64_t kRunsPrunedAtOnce = 10'000;  // in one transaction

bool is_later(const RunRecord& a, const RunRecord& b) {
  return std::tie(a.scheduled_time, a.fence, a.id) > std::tie(b.scheduled_time, b.fence, b.id);
}

PgParameters claims_and_owners(std::span<const ClaimPtr> claims) {
  PgArray fences = PgArray::integers();
  PgArray owners = PgArray::uuids();
  for (const ClaimPtr& claim : claims) {
    fences.add(claim->fence);
    owners.add(claim->owner);
  }
  return PgParameters().add(fences).add(owners);
}

PgArray job_ids_of(std::span<const RunEnd> ends) {
  std::set<std::string_view> ids;
  for (const RunEnd& end : ends) ids.insert(end.claim->record.id);
  PgArray array = PgArray::texts();
  for (const std::string_view id : ids) array.add(id);
  return array;
}

PgParameters values_of(std::span<const RunEnd> ends) {
  PgArray fences = PgArray::integers();
  PgArray ids = PgArray::uuids();
  PgArray owners = PgArray::uuids();
  PgArray states = PgArray::texts();
  PgArray started = PgArray::integers();
  PgArray ended = PgArray::integers();
  PgArray errors = PgArray::texts();
  for (const RunEnd& end : ends) {
    fences.add(end.claim->fence);
    ids.add(end.claim->runs[end.run_index].id);
    owners.add(end.claim->owner);
    states.add(to_string(end.state));
    started.add(end.started_at);
    ended.add(end.ended_at);
    errors.add(end.error);
  }
  PgParameters parameters;
  parameters.add(fences).add(ids).add(owners).add(states).add(started).add(ended);
  return parameters.add(errors);
}

// The places, counted from 1, of what a statement found.
std::unordered_set<std::size_t> places_in(const PgRows& rows) {
  std::unordered_set<std::size_t> places;
  for (int row = 0; row < rows.size(); ++row) places.insert(static_cast<std::size_t>(rows.integer(row, 0)));
  return places;
}

// Told with the last end of each job that is gone.
void note_removed(std::span<const RunEnd> ends, const PgRows& removed,
                  std::vector<CompletionResult>& results) {
  std::unordered_set<std::string_view> ids;
  for (int row = 0; row < removed.size(); ++row) ids.insert(removed.text(row, 0));
  for (std::size_t i = ends.size(); i-- > 0;) {
    if (results[i].accepted && ids.erase(ends[i].claim->record.id) > 0) results[i].job_removed = true;
  }
}

}  // namespace

PgRuns::PgRuns(PgSession& session)
    : session_(session),
      // A run that has a lease is claimed, so its state is not asked for: it would offer the server the
      // indexes of claimed runs, and while those look small it would go through all of them for each end.
      finish_(session.tables.sql(
          "UPDATE {runs} r SET state = e.state, started_at = e.started_at, ended_at = e.ended_at, error = "
          "e.error, lease_until = NULL FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], "
          "$5::bigint[], $6::bigint[], $7::text[]) WITH ORDINALITY AS e(fence, id, owner, state, started_at, "
          "ended_at, error, place) WHERE r.fence = e.fence AND r.id = e.id AND r.owner = e.owner AND "
          "r.lease_until >= {now} RETURNING e.place")),
      finished_(session.tables.sql(
          "SELECT e.place FROM unnest($1::bigint[], $2::uuid[], $3::uuid[]) WITH ORDINALITY AS e(fence, id, "
          "owner, place) JOIN {runs} r ON r.fence = e.fence AND r.id = e.id AND r.owner = e.owner AND "
          "r.state "
          "NOT IN ('claimed', 'abandoned')")),
      renew_(session.tables.sql(
          "UPDATE {runs} r SET lease_until = {now} + $3::bigint FROM unnest($1::bigint[], $2::uuid[]) WITH "
          "ORDINALITY AS e(fence, owner, place) WHERE r.fence = e.fence AND r.owner = e.owner AND "
          "r.lease_until >= {now} RETURNING e.place")),
      release_(session.tables.sql(
          "UPDATE {runs} r SET lease_until = {now} - 1, released = true FROM unnest($1::bigint[], "
          "$2::uuid[]) "
          "AS e(fence, owner) WHERE r.fence = e.fence AND r.owner = e.owner AND r.lease_until >= {now}")),
      prune_beyond_(session.tables.sql(
          "WITH gone AS (DELETE FROM {runs} WHERE ctid = ANY (ARRAY (SELECT ctid FROM {runs} WHERE state <> "
          "'claimed' ORDER BY ended_at DESC OFFSET $1::bigint LIMIT $2::bigint FOR UPDATE SKIP LOCKED)) "
          "RETURNING 1) SELECT count(*) FROM gone")),
      prune_older_(session.tables.sql(
          "WITH gone AS (DELETE FROM {runs} WHERE ctid = ANY (ARRAY (SELECT ctid FROM {runs} WHERE state <> "
          "'claimed' AND ended_at < $1::bigint LIMIT $2::bigint FOR UPDATE SKIP LOCKED)) RETURNING 1) SELECT "
          "count(*) FROM gone")) {}

std::vector<CompletionResult> PgRuns::complete(std::span<const RunEnd> ends) const {
  if (ends.empty()) return {};
  const PgArray jobs = job_ids_of(ends);
  PgBatch batch;
  batch.add(finish_, values_of(ends));
  session_.add_lock_of_spent(batch, jobs);
  session_.add_removal_of_spent(batch, jobs);
  const std::vector<PgRows> answers = session_.write(batch);
  const std::unordered_set<std::size_t> accepted = places_in(answers[0]);
  std::vector<CompletionResult> results(ends.size());
  for (std::size_t i = 0; i < ends.size(); ++i) results[i].accepted = accepted.contains(i + 1);
  note_removed(ends, answers[2], results);
  if (accepted.size() < ends.size()) accept_earlier_ends(ends, results);
  return results;
}

void PgRuns::accept_earlier_ends(std::span<const RunEnd> ends, std::vector<CompletionResult>& results) const {
  PgArray fences = PgArray::integers();
  PgArray ids = PgArray::uuids();
  PgArray owners = PgArray::uuids();
  for (const RunEnd& end : ends) {
    fences.add(end.claim->fence);
    ids.add(end.claim->runs[end.run_index].id);
    owners.add(end.claim->owner);
  }
  PgParameters parameters;
  parameters.add(fences).add(ids).add(owners);
  const std::vector<PgRows> answer = session_.read(PgBatch().add(finished_, std::move(parameters)));
  for (const std::size_t place : places_in(answer[0])) results.at(place - 1).accepted = true;
}

std::vector<bool> PgRuns::renew(std::span<const ClaimPtr> claims, Duration lease) const {
  if (claims.empty()) return {};
  PgParameters parameters = claims_and_owners(claims);
  parameters.add(lease.count());
  const std::vector<PgRows> answer = session_.write(PgBatch().add(renew_, std::move(parameters)));
  const std::unordered_set<std::size_t> places = places_in(answer[0]);
  std::vector<bool> renewed;
  for (std::size_t i = 0; i < claims.size(); ++i) renewed.push_back(places.contains(i + 1));
  return renewed;
}

void PgRuns::release(std::span<const ClaimPtr> claims) const {
  if (claims.empty()) return;
  PgBatch batch;
  batch.add(release_, claims_and_owners(claims));
  session_.add_notification(batch);
  session_.write(batch);
}

// Claimed runs and ended ones, which have different indexes.
std::vector<RunRecord> PgRuns::list(const RunFilter& filter) const {
  const auto limit = static_cast<int64_t>(std::min<std::size_t>(filter.limit, INT64_MAX));
  PgParameters parameters;
  parameters.add(limit);
  parameters.add(filter.job_id.value_or("")).add(filter.scheduled_from.value_or(kEarliestInstant));
  parameters.add(filter.scheduled_until.value_or(kLatestInstant));
  parameters.add(filter.state ? to_string(*filter.state) : "");
  const PgStatement claimed = list_statement(filter, "= 'claimed'");
  const PgStatement ended = list_statement(filter, "<> 'claimed'");
  const std::vector<PgRows> answers =
      session_.read(PgBatch().add(claimed, parameters).add(ended, parameters));
  std::vector<RunRecord> runs;
  for (const PgRows& rows : answers) {
    for (PgRun& run : read_pg_runs(rows)) runs.push_back(std::move(run.record));
  }
  std::ranges::sort(runs, is_later);
  if (runs.size() > filter.limit) runs.resize(filter.limit);
  return runs;
}

PgStatement PgRuns::list_statement(const RunFilter& filter, const char* state) const {
  std::string sql =
      session_.tables.sql("SELECT {columns} FROM {runs} r WHERE r.state ", kPgRunColumns) + state;
  sql += filter.job_id ? " AND r.job_id = $2::text" : " AND $2::text = ''";
  sql += " AND r.scheduled_time BETWEEN $3::bigint AND $4::bigint";
  sql += filter.state ? " AND r.state = $5::text" : " AND $5::text = ''";
  return PgStatement(sql + " ORDER BY r.scheduled_time DESC, r.fence DESC, r.id DESC LIMIT $1::bigint",
                     PgStatement::Use::kOnce);
}

std::size_t PgRuns::prune(const RunRetention& retention, Instant now) const {
  const auto most = static_cast<int64_t>(std::min<std::size_t>(retention.max_count, INT64_MAX));
  const std::size_t pruned = prune_in_steps(prune_beyond_, most);
  const std::optional<Instant> ended_before = checked_add(now, -retention.max_age);
  if (!ended_before) return pruned;  // older than time itself: nothing is
  return pruned + prune_in_steps(prune_older_, to_micros(*ended_before));
}

std::size_t PgRuns::prune_in_steps(const PgStatement& statement, int64_t bound) const {
  std::size_t total = 0;
  for (;;) {
    PgBatch batch;
    batch.add(statement, PgParameters().add(bound).add(kRunsPrunedAtOnce));
    const int64_t pruned = session_.write(batch)[0].integer(0, 0);
    total += static_cast<std::size_t>(pruned);
    if (pruned < kRunsPrunedAtOnce) return total;
  }
}

}  // namespace duetime
