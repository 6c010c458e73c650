// What the tests of the PostgreSQL store share.
#pragma once

#include <memory>
#include <string>

#include "tests/support/forwarding_store.h"
#include "tests/support/job_store_processes.h"
#include "tests/support/postgresql_server.h"

namespace duetime {

// A store whose leases count on a clock that the calls themselves turn: each sets it to its own boot time
// before the store is asked. So tests of leases need not wait for a server's clock.
class PgTurnedClockStore final : public ForwardingStore {
 public:
  // `clock` is the server on which the clock is turned.
  PgTurnedClockStore(const PostgresqlStoreOptions& options, const PostgresqlServer& clock)
      : ForwardingStore(make_postgresql_job_store(with_turned_clock(options))),
        clock_(clock),
        name_(name_of(options)) {
    clock_.query("INSERT INTO public.test_clock VALUES ('" + name_ + "', 0) ON CONFLICT DO NOTHING");
  }

  ClaimResult claim_due(const ClaimRequest& request, const RunPlanner& planner) override {
    return at_time_of(request.time).claim_due(request, planner);
  }
  ClaimResult claim_now(std::string_view id, const ClaimRequest& request) override {
    return at_time_of(request.time).claim_now(id, request);
  }
  ClaimResult reclaim_expired(const ClaimRequest& request) override {
    return at_time_of(request.time).reclaim_expired(request);
  }
  std::vector<CompletionResult> complete(std::span<const RunEnd> ends, const CallTime& time) override {
    return at_time_of(time).complete(ends, time);
  }
  std::vector<bool> renew(std::span<const ClaimPtr> claims, const CallTime& time, Duration lease) override {
    return at_time_of(time).renew(claims, time, lease);
  }
  void release(std::span<const ClaimPtr> claims, const CallTime& time) override {
    at_time_of(time).release(claims, time);
  }

 private:
  static std::string name_of(const PostgresqlStoreOptions& options) {
    return options.schema + "." + options.table_prefix;
  }
  static PostgresqlStoreOptions with_turned_clock(PostgresqlStoreOptions options) {
    options.lease_time = "(SELECT c.now FROM public.test_clock c WHERE c.name = '" + name_of(options) + "')";
    return options;
  }

  JobStore& at_time_of(const CallTime& time) {
    clock_.query("UPDATE public.test_clock SET now = " + std::to_string(time.boot_time.count()) +
                 " WHERE name = '" + name_ + "'");
    return *store_;
  }

  const PostgresqlServer& clock_;
  const std::string name_;
};

// The table prefix of a contract test's store: stores for the same directory share it.
inline std::string pg_prefix_in(const std::string& directory) {
  return "t_" + directory.substr(directory.rfind('-') + 1);
}

inline JobStoreQuirks postgresql_quirks() {
  return {.name = "postgresql",
          .make = [](const std::string& directory) -> JobStorePtr {
            const PostgresqlServer& server = shared_postgresql_server();
            return std::make_shared<PgTurnedClockStore>(server.store_options(pg_prefix_in(directory)),
                                                        server);
          },
          .write_raw =
              [](const std::string& directory, const std::string& id, const std::string& bytes) {
                shared_postgresql_server().query("UPDATE public.\"" + pg_prefix_in(directory) +
                                                 "_jobs\" SET document = $duetime$" + bytes +
                                                 "$duetime$ WHERE id = '" + id + "'");
              },
          .read_raw =
              [](const std::string& directory, const std::string& id) {
                return shared_postgresql_server().query("SELECT document FROM public.\"" +
                                                        pg_prefix_in(directory) + "_jobs\" WHERE id = '" +
                                                        id + "'");
              },
          .leases_end_with_the_boot = false,
          .keeps_only_utf8 = true};
}

}  // namespace duetime
