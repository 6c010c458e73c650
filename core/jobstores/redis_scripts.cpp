#include "core/jobstores/redis_scripts.h"

#include <array>

namespace duetime {
namespace {

// Arguments: the epoch, the largest counter that this node has seen, the channel, the node's name.
//
// Numbers of the store stay below 2^53, so Lua's doubles hold them exactly; instants may not, and pass as
// text. Lists go to Redis in portions, as Lua's stack is short.
constexpr const char* kPrelude = R"lua(
local meta, ids, jobs, documents, due, running, claims, leases, runs, history, ended, imports = unpack(KEYS)
local call, portion = redis.call, 1000

local taken = 0
local function take()
  taken = taken + 1
  return ARGV[taken]
end
local function take_number() return tonumber(take()) end
local function digits(number) return string.format('%.0f', number) end

local known_epoch, known_counter, channel, node = take(), take_number(), take(), take()
local stored = call('HMGET', meta, 'epoch', 'counter')
local counter = tonumber(stored[2] or '')
)lua";

constexpr const char* kSameStore = R"lua(
if stored[1] ~= known_epoch or not counter or counter < known_counter then
  return redis.error_reply('DUETIMERESET')
end
)lua";

constexpr const char* kHelpers = R"lua(
-- The fields' values, false where there is none.
local function get_all(key, fields)
  local values = {}
  for first = 1, #fields, portion do
    local part = call('HMGET', key, unpack(fields, first, math.min(first + portion - 1, #fields)))
    for i = 1, #part do values[first + i - 1] = part[i] end
  end
  return values
end

-- HSET, ZADD: two words each; HDEL, ZREM: one.
local function write_all(command, key, words)
  for first = 1, #words, 2 * portion do
    call(command, key, unpack(words, first, math.min(first + 2 * portion - 1, #words)))
  end
end

local function append(list, value) list[#list + 1] = value end
local function append_pair(list, first, second)
  local count = #list
  list[count + 1], list[count + 2] = first, second
end

local function extend(list, more)
  for i = 1, #more do list[#list + 1] = more[i] end
  return list
end

-- version, revision, fence, status, next run time, fire time, executor, task; nothing for what is no job's line.
local function parse(line)
  return string.match(line or '', '^(%d+) (%d+) (%d+) (%a+) (%S+) (%S+) (%Z*)%z(.*)$')
end
-- An instant as it stands in a line; nothing for anything else.
local function instant(text) return text and #text <= 18 and string.match(text, '^%-?%d+$') end
local function instances(id) return tonumber(call('HGET', running, id) or '') or 0 end
local function version_of(line) return line and string.match(line, '^%d+') end
local function is_finishing(line) return line and string.match(line, '^%d+ %d+ %d+ (%a+)') == 'finishing' end

local function take_exclusions()
  local names = {tasks = {}, executors = {}, jobs = {}, any = false}
  for _, kind in ipairs({'tasks', 'executors'}) do
    for _ = 1, take_number() do names[kind][take()] = true; names.any = true end
  end
  for _ = 1, take_number() do names.jobs[take()] = take(); names.any = true end
  return names
end
local function is_excluded(exclusions, id, line)
  if not exclusions.any then return false end
  local _, revision, _, _, _, _, executor, task = parse(line)
  return (task and exclusions.tasks[task]) or (executor and exclusions.executors[executor]) or
         exclusions.jobs[id] == (revision or '0')
end

-- The next run time of the first job by time that is not excluded; false if there is none.
local function next_due(exclusions)
  local first, width = 0, exclusions.any and 100 or 1
  while true do
    local found = call('ZRANGE', due, first, first + width - 1, 'WITHSCORES')
    if #found == 0 then return false end
    for i = 1, #found, 2 do
      local line = call('HGET', jobs, found[i])
      if line and not is_excluded(exclusions, found[i], line) then
        local _, _, _, _, time = parse(line)
        return instant(time) or digits(math.max(-6e16, math.min(tonumber(found[i + 1]), 2.5e17)))
      end
    end
    first, width = first + width, 100
  end
end
)lua";

// What only scripts that write need. begin() is their first write: it is the one that Redis refuses when its
// memory is full, and a script that has begun is never refused in its middle. Keys of another type are found
// before.
constexpr const char* kWriting = R"lua(
-- Asking for the size costs a third of what asking for the type does.
local function other_type(command, kind, keys)
  for _, key in ipairs(keys) do
    if type(redis.pcall(command, key)) == 'table' then
      return redis.error_reply('DUETIMETYPE the key ' .. key .. ' holds a ' .. call('TYPE', key).ok ..
                               ', expected a ' .. kind)
    end
  end
end
local refusal = other_type('HLEN', 'hash', {meta, jobs, documents, running, claims, runs, imports}) or
                other_type('ZCARD', 'zset', {ids, due, leases, history, ended})
if refusal then return refusal end

local function begin(numbers) call('HSET', meta, 'counter', digits(counter + numbers)) end
local function draw()
  counter = counter + 1
  return digits(counter)
end
local function announce() call('PUBLISH', channel, node) end

local function erase(id)
  call('HDEL', documents, id)
  call('ZREM', ids, id)
  call('ZREM', due, id)
  return call('HDEL', jobs, id) == 1
end

local function schedule(id, score)
  if score == '' then call('ZREM', due, id) else call('ZADD', due, score, id) end
end

-- A claim's line: owner, claim id, 1 if released, the ids of its runs that have not ended; then its document.
local function claim_line(owner, claim_id, released, run_ids, document)
  return owner .. ' ' .. claim_id .. ' ' .. released .. ' ' .. run_ids .. '\n' .. document
end
local function parse_claim(line)
  return string.match(line or '', '^(%x+) (%x+) ([01]) ([%x,]+)\n(.*)$')
end
-- Owner and runs, without a copy of the document.
local function holder_of(line) return string.match(line or '', '^(%x+) %x+ [01] ([%x,]+)\n') end

local function add_instances(id, change)
  local count = instances(id) + change
  if count > 0 then call('HSET', running, id, count) else call('HDEL', running, id) end
  return math.max(count, 0)
end

-- Ends the claim of that fence; true if its job left with it.
local function end_claim(fence, id)
  call('HDEL', claims, fence)
  call('ZREM', leases, fence)
  return add_instances(id, -1) == 0 and is_finishing(call('HGET', jobs, id)) and erase(id)
end

local function lasts(fence, now)
  local score = call('ZSCORE', leases, fence)
  return score and tonumber(score) >= now
end
local function is_held(line, owner, fence, now) return holder_of(line) == owner and lasts(fence, now) end

local function record_end(run_id, scheduled, ended_at, document)
  call('HSET', runs, run_id, document)
  call('ZADD', history, scheduled, run_id)
  call('ZADD', ended, ended_at, run_id)
end
)lua";

// With the claim_id's marker as a thirteenth key: the first call to run under a claim_id is the only one that
// claims, even if an earlier one of unknown outcome still waits in the server's queue.
constexpr const char* kClaiming = R"lua(
local marker = KEYS[13]
local function job_id_of(claim)
  local readable, document = pcall(cjson.decode, string.match(claim, '\n(.*)$') or '')
  return readable and type(document) == 'table' and type(document.job_id) == 'string' and document.job_id
end
-- Fence, line of the claim, lease, line and document of the job, of each claim.
local function describe_claims(fences)
  local result = {}
  local lines = get_all(claims, fences)
  for i, fence in ipairs(fences) do
    local id = lines[i] and job_id_of(lines[i])
    extend(result, {fence, lines[i], call('ZSCORE', leases, fence) or '0', id and call('HGET', jobs, id) or false,
                    id and call('HGET', documents, id) or false})
  end
  return result
end
local function claimed_before()
  local fences = call('GET', marker)
  if not fences then return false end
  local list = {}
  for fence in string.gmatch(fences, '%d+') do append(list, fence) end
  return describe_claims(list)
end
)lua";

// Arguments: the schema version, the epoch of a new store. Answers the schema version, the epoch.
//
// The counter of a new store begins at the server's time, so that a store that lost its keys, or went back to
// an older copy of them, never gives out a number again.
constexpr const char* kPrepare = R"lua(
local schema_version, new_epoch = take(), take()
local present = call('HGET', meta, 'schema_version')
if present and present ~= schema_version then return {0, present, ''} end
local time = call('TIME')
if not present or not stored[1] or not counter or counter < known_counter then
  counter = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), counter or 0, known_counter + 1)
  call('HSET', meta, 'schema_version', schema_version, 'epoch', new_epoch, 'counter', digits(counter))
  stored[1] = new_epoch
end
return {digits(counter), schema_version, stored[1]}
)lua";

// Arguments: 1 to replace, the source of an import or '', the number of jobs, and of each: id, the
// part of its line that follows the fence, its due time or '', document. Answers 'added', 'taken' and the
// number of the first job whose id is taken, or 'known' for a source that was imported before. An import
// leaves out the jobs whose ids are taken.
constexpr const char* kAdd = R"lua(
local replace, source, count = take() == '1', take(), take_number()
local new_ids, rests, scores, new_documents = {}, {}, {}, {}
for i = 1, count do new_ids[i], rests[i], scores[i], new_documents[i] = take(), take(), take(), take() end
if source ~= '' and call('HEXISTS', imports, source) == 1 then return {digits(counter), 'known'} end
local lines, seen, wanted = get_all(jobs, new_ids), {}, {}
for i, id in ipairs(new_ids) do
  local free = not seen[id] and (not lines[i] or is_finishing(lines[i]))
  if not free and not replace and source == '' then return {digits(counter), 'taken', i - 1} end
  seen[id], wanted[i] = true, free or replace
end
begin(count)
local changed_lines, changed_documents, changed_ids, times, unscheduled = {}, {}, {}, {}, {}
for i, id in ipairs(new_ids) do
  if wanted[i] then
    local number = draw()
    local _, _, fence = parse(lines[i])
    append_pair(changed_lines, id, number .. ' ' .. number .. ' ' .. (fence or number) .. ' ' .. rests[i])
    append_pair(changed_documents, id, new_documents[i])
    append_pair(changed_ids, 0, id)
    if scores[i] ~= '' then append_pair(times, scores[i], id) else append(unscheduled, id) end
  end
end
write_all('ZREM', due, unscheduled)
write_all('HSET', jobs, changed_lines)
write_all('HSET', documents, changed_documents)
write_all('ZADD', ids, changed_ids)
write_all('ZADD', due, times)
if source ~= '' then call('HSET', imports, source, call('TIME')[1]) end
announce()
return {digits(counter), 'added'}
)lua";

// Arguments: id, expected version, the part of the line that follows the fence, due time or '', document.
// Answers 'updated' and the fence, 'changed', or 'missing'.
constexpr const char* kUpdate = R"lua(
local id, version, rest, score, document = take(), take(), take(), take(), take()
local line = call('HGET', jobs, id)
if not line then return {digits(counter), 'missing'} end
if version_of(line) ~= version then return {digits(counter), 'changed'} end
begin(1)
local number = draw()
local _, _, fence = parse(line)
fence = fence or number
call('HSET', jobs, id, number .. ' ' .. number .. ' ' .. fence .. ' ' .. rest)
call('HSET', documents, id, document)
schedule(id, score)
announce()
return {digits(counter), 'updated', fence}
)lua";

// Argument: id. Answers 1 if there was such a job.
constexpr const char* kRemove = R"lua(
local removed = erase(take())
if removed then announce() end
return {digits(counter), removed and 1 or 0}
)lua";

// Answers how many there were.
constexpr const char* kRemoveAll = R"lua(
local count = call('HLEN', jobs)
call('DEL', jobs, documents, ids, due)
if count > 0 then announce() end
return {digits(counter), count}
)lua";

// Arguments: ids. Answers, of each, line, document and running instances.
constexpr const char* kGet = R"lua(
local result = {digits(counter)}
for i = taken + 1, #ARGV do
  local id = ARGV[i]
  extend(result, {call('HGET', jobs, id), call('HGET', documents, id), instances(id)})
end
return result
)lua";

// Arguments: the id before the page, the most jobs, the most bytes. Answers id, line and document of each.
constexpr const char* kList = R"lua(
local after, most, most_bytes = take(), take_number(), take_number()
local result, bytes = {digits(counter)}, 0
for _, id in ipairs(call('ZRANGEBYLEX', ids, '(' .. after, '+', 'LIMIT', 0, most)) do
  local line, document = call('HGET', jobs, id), call('HGET', documents, id)
  extend(result, {id, line, document})
  bytes = bytes + #(document or '')
  if bytes > most_bytes then break end
end
return result
)lua";

constexpr const char* kCount = "return {digits(counter), call('HLEN', jobs)}\n";

// Arguments: exclusions. Answers the time.
constexpr const char* kNextDue = "return {digits(counter), next_due(take_exclusions())}\n";

// Arguments: now, where in the index to begin, the most jobs, the most bytes, exclusions. Answers the next
// earliest due time, where to go on, or -1 at the end, and of each job id, line, document and running
// instances.
//
// The index is mended where it says otherwise than the job's line.
constexpr const char* kDue = R"lua(
local now, first, most, most_bytes = take(), take_number(), take_number(), take_number()
local exclusions = take_exclusions()
-- True if all of the page is where the jobs' lines say.
local function mend(page, scores, lines)
  local right = true
  for i, id in ipairs(page) do
    local _, _, _, status, time = parse(lines[i])
    if not lines[i] or status == 'paused' or status == 'finishing' then
      call('ZREM', due, id)
      right = false
    elseif instant(time) and tonumber(time) ~= tonumber(scores[i]) then
      call('ZADD', due, time, id)
      right = false
    end
  end
  return right
end

local begin_at = first
local result, bytes, count = {digits(counter), false, -1}, 0, 0
while true do
  local found, page, scores = call('ZRANGEBYSCORE', due, '-inf', now, 'WITHSCORES', 'LIMIT', first, 100), {}, {}
  for i = 1, #found, 2 do
    append(page, found[i])
    append(scores, found[i + 1])
  end
  local lines = get_all(jobs, page)
  if not mend(page, scores, lines) then
    first, result, bytes, count, page = begin_at, {digits(counter), false, -1}, 0, 0, {}
  elseif #page == 0 then
    break
  end
  local texts, counts = get_all(documents, page), get_all(running, page)
  for i, id in ipairs(page) do
    if count >= most or bytes > most_bytes then
      result[2], result[3] = next_due(exclusions), first
      return result
    end
    first = first + 1
    if not is_excluded(exclusions, id, lines[i]) then
      append_pair(result, id, lines[i])
      append_pair(result, texts[i], tonumber(counts[i] or '') or 0)
      count, bytes = count + 1, bytes + #(texts[i] or '')
    end
  end
end
result[2] = next_due(exclusions)
return result
)lua";

// Arguments: owner, claim id, lease, how long the marker lives, 1 to set it even if nothing is claimed,
// exclusions, the number of plans, and of each: id, version, revision, fence, the part of the line that
// follows the fence, due time or '', ids and document of the runs that are claimed or '', the number of fires
// that were given up, and of each run id, scheduled time, end and document. Answers 'repeated' and the
// claims, or 'done', the end of the leases, the earliest due time, and of each plan the job's version, or ''
// if it had changed, and 1 if the job was removed.
constexpr const char* kCarryOut = R"lua(
local owner, claim_id, lease, marker_life, mark = take(), take(), take_number(), take(), take() == '1'
local exclusions, count = take_exclusions(), take_number()
local earlier = claimed_before()
if earlier then return extend({digits(counter), 'repeated'}, earlier) end

-- Gone through twice, as all jobs are read at once before any is written.
local first_plan, plan_ids = taken, {}
for i = 1, count do
  plan_ids[i] = take()
  taken = taken + 7
  local ends = take_number()
  taken = taken + 4 * ends
end
local lines, counts = get_all(jobs, plan_ids), get_all(running, plan_ids)

begin(count)
taken = first_plan
local lease_end = digits(time_now() + lease)
local result = {digits(counter), 'done', lease_end, false}
local new_lines, times, unscheduled, new_claims, new_leases, new_counts, fences = {}, {}, {}, {}, {}, {}, {}
for i = 1, count do
  local id, version, revision, fence, rest, score, run_ids, document =
    take(), take(), take(), take(), take(), take(), take(), take()
  local ends = take_number()
  if version_of(lines[i]) ~= version then
    taken = taken + 4 * ends
    append_pair(result, '', 0)
  else
    local number, running_here, removed = draw(), tonumber(counts[i] or '') or 0, false
    if run_ids ~= '' then
      fence, running_here = number, running_here + 1
      append(fences, number)
      append_pair(new_claims, number, claim_line(owner, claim_id, '0', run_ids, document))
      append_pair(new_leases, lease_end, number)
      append_pair(new_counts, id, running_here)
    end
    for _ = 1, ends do record_end(take(), take(), take(), take()) end
    local line = number .. ' ' .. revision .. ' ' .. fence .. ' ' .. rest
    if running_here == 0 and is_finishing(line) then
      removed = erase(id)
    else
      append_pair(new_lines, id, line)
      if score ~= '' then append_pair(times, score, id) else append(unscheduled, id) end
    end
    append_pair(result, number, removed and 1 or 0)
  end
end
write_all('HSET', jobs, new_lines)
write_all('ZADD', due, times)
write_all('ZREM', due, unscheduled)
write_all('HSET', claims, new_claims)
write_all('ZADD', leases, new_leases)
write_all('HSET', running, new_counts)
if mark or #fences > 0 then call('SET', marker, table.concat(fences, ' '), 'PX', marker_life) end
announce()
result[1], result[4] = digits(counter), next_due(exclusions)
return result
)lua";

// Answers nothing more if the claim_id was never used, or 'repeated' and, of each claim, fence, line, lease,
// and the job's line and document.
constexpr const char* kClaimed = R"lua(
local earlier = claimed_before()
if not earlier then return {digits(counter)} end
return extend({digits(counter), 'repeated'}, earlier)
)lua";

// Arguments: where among the expired ones to begin, how many at most, exclusions. Answers the time, the end
// of the next lease or nil, the earliest due time, and as kClaimed.
constexpr const char* kExpired = R"lua(
local first, most = take_number(), take_number()
local exclusions = take_exclusions()
local now = digits(time_now())
local next_end = call('ZRANGEBYSCORE', leases, now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
local fences = call('ZRANGEBYSCORE', leases, '-inf', '(' .. now, 'LIMIT', first, most)
return extend({digits(counter), now, next_end and digits(tonumber(next_end)) or false, next_due(exclusions)},
              describe_claims(fences))
)lua";

// Arguments: owner, claim id, lease, how long the marker lives, the number of decisions, and of each: fence,
// job id, the job's version or '', the part of its line that follows the fence, revision, and either ids and
// document of the runs that are taken over, or two times '', the number of runs that are abandoned, and of
// each run id, scheduled time, end and document. Answers as kCarryOut, without the due time.
constexpr const char* kReclaim = R"lua(
local owner, claim_id, lease, marker_life, count = take(), take(), take_number(), take(), take_number()
local earlier = claimed_before()
if earlier then return extend({digits(counter), 'repeated'}, earlier) end

begin(count)
local now = time_now()
local lease_end = digits(now + lease)
local result, fences = {digits(counter), 'done', lease_end}, {}
for _ = 1, count do
  local fence, id, version, rest, revision = take(), take(), take(), take(), take()
  local run_ids, document, ends = take(), take(), {}
  for j = 1, take_number() do ends[j] = {take(), take(), take(), take()} end
  local score = call('ZSCORE', leases, fence)
  local number, removed = '', false
  if score and tonumber(score) < now and (version_of(call('HGET', jobs, id)) or '') == version then
    number = draw()
    if run_ids ~= '' then
      append(fences, number)
      call('HSET', jobs, id, number .. ' ' .. revision .. ' ' .. number .. ' ' .. rest)
      call('HDEL', claims, fence)
      call('ZREM', leases, fence)
      call('HSET', claims, number, claim_line(owner, claim_id, '0', run_ids, document))
      call('ZADD', leases, lease_end, number)
    else
      for _, run in ipairs(ends) do record_end(unpack(run)) end
      removed = end_claim(fence, id)
    end
  end
  append_pair(result, number, removed and 1 or 0)
end
call('SET', marker, table.concat(fences, ' '), 'PX', marker_life)
announce()
result[1] = digits(counter)
return result
)lua";

// Arguments: the number of runs, and of each: fence, owner, run id, job id, scheduled time, end, document.
// Answers, of each, 'ended', 'removed' if its job left with it, or else what history has of the run.
constexpr const char* kComplete = R"lua(
local function without_run(line, run_id)
  local owner, claim_id, released, run_ids, document = parse_claim(line)
  local left = {}
  for other in string.gmatch(run_ids, '%x+') do
    if other ~= run_id then append(left, other) end
  end
  return claim_line(owner, claim_id, released, table.concat(left, ','), document)
end

local count, fences, job_ids = take_number(), {}, {}
local before_first = taken
for i = 1, count do
  fences[i], job_ids[i] = ARGV[taken + 1], ARGV[taken + 4]
  taken = taken + 7
end
local lines, counts, job_lines = {}, {}, {}
for i, line in ipairs(get_all(claims, fences)) do lines[fences[i]] = line end
for i, number in ipairs(get_all(running, job_ids)) do counts[job_ids[i]] = tonumber(number or '') or 0 end
for i, line in ipairs(get_all(jobs, job_ids)) do job_lines[job_ids[i]] = line end

begin(0)
taken = before_first
local now, result = time_now(), {digits(counter)}
-- Mostly no lease at all has ended, and none needs to be looked up.
local none_ended = call('ZCOUNT', leases, digits(now), '+inf') == call('HLEN', claims)
local texts, scheduled_times, end_times, ended_fences, changed, ended_here, gone = {}, {}, {}, {}, {}, {}, {}
for _ = 1, count do
  local fence, owner, run_id, id, scheduled, ended_at, document =
    take(), take(), take(), take(), take(), take(), take()
  local line = lines[fence]
  local holder, run_ids = holder_of(line)
  local held = holder == owner and (none_ended or lasts(fence, now))
  if held and string.find(run_ids, run_id, 1, true) then
    append_pair(texts, run_id, document)
    ended_here[run_id] = document
    append_pair(scheduled_times, scheduled, run_id)
    append_pair(end_times, ended_at, run_id)
    local answer = 'ended'
    if run_ids ~= run_id then
      lines[fence] = without_run(line, run_id)
      changed[fence] = true
    else
      lines[fence], changed[fence] = false, nil
      append(ended_fences, fence)
      counts[id] = math.max(counts[id] - 1, 0)
      if counts[id] == 0 and is_finishing(job_lines[id]) then
        append(gone, id)
        job_lines[id], answer = false, 'removed'
      end
    end
    append(result, answer)
  else
    append(result, ended_here[run_id] or call('HGET', runs, run_id) or '')
  end
end
local new_lines, new_counts, no_counts = {}, {}, {}
for fence in pairs(changed) do append_pair(new_lines, fence, lines[fence]) end
for id, number in pairs(counts) do
  if number > 0 then append_pair(new_counts, id, number) else append(no_counts, id) end
end
write_all('HDEL', documents, gone)
write_all('ZREM', ids, gone)
write_all('ZREM', due, gone)
write_all('HDEL', jobs, gone)
write_all('HSET', runs, texts)
write_all('ZADD', history, scheduled_times)
write_all('ZADD', ended, end_times)
write_all('HSET', claims, new_lines)
write_all('HDEL', claims, ended_fences)
write_all('ZREM', leases, ended_fences)
write_all('HSET', running, new_counts)
write_all('HDEL', running, no_counts)
announce()
return result
)lua";

// Arguments: lease, the number of claims, and of each fence and owner. Answers, of each, 1 if it is still
// held.
constexpr const char* kRenew = R"lua(
begin(0)
local lease, now, result = take_number(), time_now(), {digits(counter)}
local lease_end = digits(now + lease)
for _ = 1, take_number() do
  local fence, owner = take(), take()
  local held = is_held(call('HGET', claims, fence), owner, fence, now)
  if held then call('ZADD', leases, 'XX', lease_end, fence) end
  append(result, held and 1 or 0)
end
return result
)lua";

// Arguments: the number of claims, and of each fence and owner.
constexpr const char* kRelease = R"lua(
begin(0)
local now = time_now()
for _ = 1, take_number() do
  local fence, owner = take(), take()
  local line = call('HGET', claims, fence)
  if is_held(line, owner, fence, now) then
    local _, claim_id, _, run_ids, document = parse_claim(line)
    call('HSET', claims, fence, claim_line(owner, claim_id, '1', run_ids, document))
    call('ZADD', leases, digits(now - 1), fence)
  end
end
announce()
return {digits(counter)}
)lua";

// Arguments: the latest and the earliest scheduled time, where to begin, how many at most. Answers the
// documents, latest first.
constexpr const char* kRuns = R"lua(
local latest, earliest, first, most = take(), take(), take_number(), take_number()
local found = call('ZREVRANGEBYSCORE', history, latest, earliest, 'LIMIT', first, most)
return extend({digits(counter)}, get_all(runs, found))
)lua";

// Answers fence, line and lease of each claim.
constexpr const char* kClaims = R"lua(
local all, result = call('HGETALL', claims), {digits(counter)}
for i = 1, #all, 2 do extend(result, {all[i], all[i + 1], call('ZSCORE', leases, all[i]) or '0'}) end
return result
)lua";

// Arguments: how many ended runs may stay, the earliest end that may stay, how many to take away at most.
// Answers how many were.
constexpr const char* kPrune = R"lua(
local most, earliest, at_once = take_number(), take(), take_number()
local surplus = math.min(call('ZCARD', ended) - most, at_once)
local pruned = surplus > 0 and call('ZRANGE', ended, 0, surplus - 1) or {}
if #pruned == 0 then pruned = call('ZRANGEBYSCORE', ended, '-inf', '(' .. earliest, 'LIMIT', 0, at_once) end
write_all('HDEL', runs, pruned)
write_all('ZREM', history, pruned)
write_all('ZREM', ended, pruned)
return {digits(counter), #pruned}
)lua";

// Argument: a cursor, '0' at first. Answers the next one, '0' at the end.
//
// A server that is short of memory may drop whole keys. Of the indexes that is seen at a glance, and they are
// made anew from the jobs' lines.
constexpr const char* kMend = R"lua(
local cursor = take()
local whole = call('HLEN', jobs) == call('ZCARD', ids) and (call('EXISTS', due) == 1 or call('EXISTS', jobs) == 0)
if cursor == '0' and whole then return {digits(counter), cursor} end
local found = call('HSCAN', jobs, cursor, 'COUNT', portion)
for i = 1, #found[2], 2 do
  local id, _, _, _, status, time = found[2][i], parse(found[2][i + 1])
  call('ZADD', ids, 0, id)
  if status == 'scheduled' and instant(time) then call('ZADD', due, time, id) end
end
announce()
return {digits(counter), found[1]}
)lua";

// Argument: the source. Answers 1 if it was imported.
constexpr const char* kImported = "return {digits(counter), call('HEXISTS', imports, take())}\n";

struct Source {
  const char* text;
  enum Part { kToRead, kToWrite, kToClaim } part;
};

// In the order of RedisScript. kPrepare has no helpers: there may be no store yet.
constexpr std::array<Source, kRedisScripts> kSources = {{
    {kPrepare, Source::kToRead},  {kAdd, Source::kToWrite},       {kUpdate, Source::kToWrite},
    {kRemove, Source::kToWrite},  {kRemoveAll, Source::kToWrite}, {kGet, Source::kToRead},
    {kList, Source::kToRead},     {kCount, Source::kToRead},      {kNextDue, Source::kToRead},
    {kDue, Source::kToRead},      {kCarryOut, Source::kToClaim},  {kClaimed, Source::kToClaim},
    {kExpired, Source::kToClaim}, {kReclaim, Source::kToClaim},   {kComplete, Source::kToWrite},
    {kRenew, Source::kToWrite},   {kRelease, Source::kToWrite},   {kRuns, Source::kToRead},
    {kClaims, Source::kToRead},   {kPrune, Source::kToWrite},     {kMend, Source::kToWrite},
    {kImported, Source::kToRead},
}};

}  // namespace

std::string redis_script_text(RedisScript script, const std::string& lease_time) {
  const Source& source = kSources[static_cast<std::size_t>(script)];
  std::string text = kPrelude;
  if (script != RedisScript::kPrepare) text += kSameStore;
  text += "local function time_now() return " + lease_time + " end\n";
  text += kHelpers;
  if (source.part != Source::kToRead) text += kWriting;
  if (source.part == Source::kToClaim) text += kClaiming;
  return text + source.text;
}

}  // namespace duetime
