// PostgreSQL without a job store: the same rows and round trips with nothing around them. Batches go through
// the store's PgConnection, which is libpq's pipeline and arrays in binary.
#include <memory>

#include "core/base/uuid.h"
#include "core/jobstores/postgresql_connection.h"
#include "tests/bench/stores/work.h"

namespace duetime::bench {
namespace {

constexpr int64_t kBatch = 1'000;

class Bare {
 public:
  explicit Bare(const std::string& url) : connection_(options_of(url)) {
    for (const char* text : {
             "DROP TABLE IF EXISTS public.bare_jobs, public.bare_runs",
             "CREATE TABLE public.bare_jobs (id text COLLATE \"C\" PRIMARY KEY, next_run_time bigint NOT "
             "NULL, "
             "version "
             "bigint NOT NULL, document text NOT NULL)",
             "CREATE INDEX ON public.bare_jobs (next_run_time, id)",
             "CREATE TABLE public.bare_runs (id uuid PRIMARY KEY, job_id text NOT NULL, state text NOT NULL, "
             "ended_at "
             "bigint)",
         }) {
      const PgStatement statement(text, PgStatement::Use::kOnce);
      connection_.run(PgBatch().add(statement), PgEffect::kCommits);
    }
  }

  void add(int64_t count) {
    PgArray ids = PgArray::texts();
    PgArray documents = PgArray::texts();
    for (int64_t i = 0; i < count; ++i) {
      ids.add("job-" + std::to_string(number_++));
      documents.add(sample_document());
    }
    connection_.run(PgBatch().add(insert_, PgParameters().add(ids).add(documents)), PgEffect::kCommits);
  }

  void claim_and_complete() {
    const PgArray runs = claim();
    connection_.run(PgBatch().add(finish_, PgParameters().add(runs)), PgEffect::kCommits);
  }

 private:
  static PostgresqlStoreOptions options_of(const std::string& url) {
    PostgresqlStoreOptions options;
    options.uri = url;
    return options;
  }

  // The ids of the runs.
  PgArray claim() {
    const PgRows due = std::move(
        connection_.run(PgBatch().add(begin_).add(due_, PgParameters().add(kBatch)), PgEffect::kNone)[1]);
    PgArray jobs = PgArray::texts();
    PgArray runs = PgArray::uuids();
    for (int row = 0; row < due.size(); ++row) {
      jobs.add(due.text(row, 0));
      runs.add(make_uuid());
    }
    PgBatch batch;
    batch.add(move_, PgParameters().add(jobs))
        .add(begin_runs_, PgParameters().add(runs).add(jobs))
        .add(commit_);
    connection_.run(batch, PgEffect::kCommits);
    return runs;
  }

  PgConnection connection_;
  int64_t number_ = 0;
  const PgStatement begin_{"BEGIN"};
  const PgStatement commit_{"COMMIT"};
  const PgStatement insert_{
      "INSERT INTO public.bare_jobs SELECT id, 0, 1, document FROM unnest($1::text[], $2::text[]) AS "
      "n(id, document)"};
  const PgStatement due_{
      "SELECT id, version, document FROM public.bare_jobs WHERE next_run_time <= 1000000 ORDER BY "
      "next_run_time, "
      "id LIMIT $1::bigint FOR NO KEY UPDATE SKIP LOCKED"};
  const PgStatement move_{
      "UPDATE public.bare_jobs j SET version = version + 1, next_run_time = next_run_time + 1 FROM "
      "unnest($1::text[]) AS m(id) WHERE j.id = "
      "m.id"};
  const PgStatement begin_runs_{
      "INSERT INTO public.bare_runs SELECT id, job_id, 'claimed' FROM unnest($1::uuid[], "
      "$2::text[]) AS n(id, job_id)"};
  const PgStatement finish_{
      "UPDATE public.bare_runs r SET state = 'succeeded', ended_at = 1 FROM unnest($1::uuid[]) AS e(id) "
      "WHERE r.id = e.id AND r.state = 'claimed'"};
};

}  // namespace

void add_bare_postgresql_works(Works& works, const Places& places) {
  const std::string url = places.postgresql;
  const auto additions = [=](int64_t count) {
    Bare bare(url);
    return rate(static_cast<std::size_t>(count), [&] { bare.add(count); });
  };
  works.push_back({"PostgreSQL: add one | bare", [=] { return additions(1); }});
  works.push_back({"PostgreSQL: add 1,000 | bare", [=] { return additions(kBatch); }});
  works.push_back({"PostgreSQL: claim and complete 1,000 | bare", [=] {
                     Bare bare(url);
                     bare.add(kBatch);
                     return rate(kBatch, [&] { bare.claim_and_complete(); });
                   }});
}

}  // namespace duetime::bench
