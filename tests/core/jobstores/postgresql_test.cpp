// The PostgreSQL store: the contract, and what is particular to it - its tables, its configuration, its
// server's failures.
#include "tests/core/jobstores/postgresql_test_support.h"

namespace duetime {

INSTANTIATE_TEST_SUITE_P(Postgresql, JobStoreContract, testing::Values(postgresql_quirks()), store_name);
INSTANTIATE_TEST_SUITE_P(Postgresql, JobStoreLeaseContract, testing::Values(postgresql_quirks()), store_name);
INSTANTIATE_TEST_SUITE_P(Postgresql, JobStoreProcesses, testing::Values(postgresql_quirks()), store_name);

}  // namespace duetime
