// The engine's side of tests/bench/next_fire/run, which describes what a driver reads and writes. Three
// peers: the engine from inside under both policies for changes of the clock, and through the C ABI.
#include <benchmark/benchmark.h>
#include <duetime/trigger.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/triggers/registry.h"

namespace duetime {
namespace {

using Seconds = std::chrono::seconds;

// As the planner holds them. To make an optional for each call costs a caller 12 ns, see fire_or_none.h.
using Starts = std::vector<std::optional<Instant>>;

struct Cell {
  std::string peer;
  std::string policy;
  std::string expression;
  std::string zone;
  std::function<Json()> answers;
  std::function<void()> pass;  // asks once from each start
};

Json cell_line(const Cell& cell) {
  return {{"peer", cell.peer}, {"expression", cell.expression}, {"zone", cell.zone}};
}

// Throws Error where the engine has no such dialect.
Json trigger_document(const Json& spellings, const std::string& zone, const std::string& dst) {
  Json document{{"type", "cron"}, {"timezone", zone}, {"dst", dst}};
  if (spellings.contains("fields")) {
    document["fields"] = spellings["fields"];
  } else {
    document["dialect"] = "crontab";
    document["expression"] = spellings["crontab"];
  }
  return document;
}

Cell engine_cell(Cell cell, const Json& document, const Starts& starts) {
  const TriggerPtr trigger = make_trigger(document);
  cell.answers = [trigger, &starts] {
    Json answers = Json::array();
    for (const auto& start : starts) {
      const auto fire = trigger->next_fire_time(start, *start);
      answers.push_back(fire ? Json(to_micros(*fire) / 1'000'000) : Json());
    }
    return answers;
  };
  cell.pass = [trigger, &starts] {
    for (const auto& start : starts) benchmark::DoNotOptimize(trigger->next_fire_time(start, *start));
  };
  return cell;
}

duetime_time next_by_c_abi(const duetime_trigger* trigger, duetime_time start) {
  duetime_time next = DUETIME_TIME_NONE;
  duetime_trigger_next_fire_time(trigger, start, start, &next);
  return next;
}

Cell c_abi_cell(Cell cell, const Json& document, const Starts& starts) {
  duetime_trigger* handle = nullptr;
  if (duetime_trigger_create_from_json(document.dump().c_str(), &handle) != DUETIME_OK) {
    throw Error(ErrorCode::kInvalidArgument, duetime_last_error_message());
  }
  const std::shared_ptr<duetime_trigger> trigger(handle, duetime_trigger_destroy);
  cell.answers = [trigger, &starts] {
    Json answers = Json::array();
    for (const auto& start : starts) {
      const duetime_time fire = next_by_c_abi(trigger.get(), to_micros(*start));
      answers.push_back(fire == DUETIME_TIME_NONE ? Json() : Json(fire / 1'000'000));
    }
    return answers;
  };
  cell.pass = [trigger, &starts] {
    for (const auto& start : starts)
      benchmark::DoNotOptimize(next_by_c_abi(trigger.get(), to_micros(*start)));
  };
  return cell;
}

struct Peer {
  const char* name;
  const char* dst;
  Cell (*make)(Cell, const Json& document, const Starts& starts);
};

constexpr Peer kPeers[] = {
    {"duetime C++", "apscheduler", engine_cell},
    {"duetime C++, dst vixie", "vixie", engine_cell},
    {"duetime C ABI", "vixie", c_abi_cell},
};

std::vector<Cell> make_cells(const Json& work, const Starts& starts) {
  std::vector<Cell> cells;
  for (const auto& expression : work["expressions"]) {
    for (const std::string zone : work["zones"]) {
      for (const Peer& peer : kPeers) {
        Cell cell{peer.name, peer.dst, expression["name"], zone, {}, {}};
        try {
          cells.push_back(peer.make(cell, trigger_document(expression["spellings"], zone, peer.dst), starts));
        } catch (const Error& error) {
          Json line = cell_line(cell);
          line["absent"] = error.what();
          std::cout << line << '\n';
        }
      }
    }
  }
  return cells;
}

void print_answers(const Cell& cell) {
  Json line = cell_line(cell);
  line["policy"] = cell.policy;
  line["answers"] = cell.answers();
  std::cout << line << '\n';
}

void print_time(const Cell& cell, std::size_t starts) {
  using Clock = std::chrono::steady_clock;
  constexpr auto kEnough = std::chrono::milliseconds{1};
  int64_t passes = 0;
  const auto began = Clock::now();
  do {
    cell.pass();
    ++passes;
  } while (Clock::now() - began < kEnough);
  const std::chrono::duration<double, std::nano> spent = Clock::now() - began;
  Json line = cell_line(cell);
  line["ns"] = spent.count() / static_cast<double>(passes * static_cast<int64_t>(starts));
  std::cout << line << '\n';
}

int run(const char* path) {
  const Json work = Json::parse(std::ifstream(path));
  Starts starts;
  for (const int64_t start : work["starts"]) starts.push_back(Instant{Seconds{start}});
  const std::vector<Cell> cells = make_cells(work, starts);
  for (const Cell& cell : cells) print_answers(cell);
  std::cout << R"({"done": true})" << std::endl;
  for (std::string round; std::getline(std::cin, round);) {
    for (const Cell& cell : cells) print_time(cell, starts.size());
    std::cout << R"({"done": true})" << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace duetime

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: duetime_next_fire WORK.json\n";
    return 2;
  }
  return duetime::run(argv[1]);
}
