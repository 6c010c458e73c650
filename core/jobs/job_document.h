// Job <-> the JSON document that every store and language shares (docs/job_document.md is its
// specification, docs/job.schema.json its schema).
#pragma once

#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/jobs/job.h"

namespace duetime {

inline constexpr int kJobDocumentVersion = 1;

// Throws kUnsupported for a live payload.
Json job_to_document(const Job& job);

// Unknown members are kept in Job::unknown_members. Throws kNewerVersion for a document of a later version,
// else kInvalidArgument naming the member at fault.
Job job_from_document(const Json& document);

// The same from and to text.
std::string job_to_text(const Job& job);
JobPtr job_from_text(std::string_view text);

}  // namespace duetime
