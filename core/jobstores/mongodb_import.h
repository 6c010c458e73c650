// Copying jobs in, once, without transactions: see JobStore::import_once().
//
// The jobs are first put where nobody sees them, marked as `importing`. Then one write to the import's marker
// document decides that the import has happened, and only then the jobs are shown. An importer holds the
// marker under a lease; when it dies before the decision, the next one begins anew, and after it, the next
// one shows what is there.
#pragma once

#include <span>
#include <string_view>

#include "core/jobstores/mongodb_jobs.h"

namespace duetime {

// Waits up to `patience` for another importer. Throws kStoreUnavailable if that one goes on.
bool import_once(MongoSession& session, std::string_view source, std::span<const NewJob> jobs,
                 Duration patience);

bool is_imported(MongoSession& session, std::string_view source);

}  // namespace duetime
