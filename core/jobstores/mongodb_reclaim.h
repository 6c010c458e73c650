// Claims of the MongoDB store whose lease has passed: taken over, left to others, or ended as abandoned, each
// by one update of its job's document.
#pragma once

#include <vector>

#include "core/jobstores/mongodb_documents.h"

namespace duetime {

// See JobStore::reclaim_expired(); next_due is left empty. `undo` is set before anything is written:
// statements that keep takeovers from happening which have not happened yet.
ClaimResult reclaim(MongoSession& session, const ClaimRequest& request, std::vector<Bson>& undo);

}  // namespace duetime
