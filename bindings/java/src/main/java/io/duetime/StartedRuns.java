package io.duetime;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The runs that {@link Scheduler#runJob} started and that go on. It is told of their ends. */
final class StartedRuns implements Listener {
  /** What it is to hear. */
  static final Set<EventType> ENDS =
      EnumSet.of(
          EventType.JOB_EXECUTED,
          EventType.JOB_ERROR,
          EventType.JOB_MISSED,
          EventType.RUN_LOST,
          EventType.JOB_PARKED,
          EventType.SCHEDULER_SHUTDOWN);

  private final Map<String, RunHandle> runs = new HashMap<>(); // by id
  private final List<Event> early = new ArrayList<>(); // heard while a run is being started whose id is not known yet
  private int starting;

  /** {@code start} answers the id of the run that it started, which may have ended by then. */
  RunHandle begin(String jobId, Supplier<String> start) {
    enter();
    try {
      RunHandle run = new RunHandle(start.get(), jobId);
      add(run);
      return run;
    } finally {
      leave();
    }
  }

  private synchronized void enter() {
    ++starting;
  }

  private synchronized void leave() {
    if (--starting == 0) {
      early.clear();
    }
  }

  private void add(RunHandle run) {
    endOf(run).ifPresent(run::complete);
  }

  /** If it was heard already; otherwise it is waited for. */
  private synchronized Optional<Event> endOf(RunHandle run) {
    Optional<Event> end = early.stream().filter(run::isEndedBy).findFirst();
    if (end.isEmpty()) {
      runs.put(run.id(), run);
    }
    return end;
  }

  @Override
  public void hear(Event event) {
    take(event).forEach(run -> run.complete(event));
  }

  private synchronized List<RunHandle> take(Event event) {
    if (starting > 0) {
      early.add(event);
    }
    List<RunHandle> candidates = event.runId().isEmpty() ? List.copyOf(runs.values()) : named(event.runId());
    List<RunHandle> ended = candidates.stream().filter(run -> run.isEndedBy(event)).collect(Collectors.toList());
    ended.forEach(run -> runs.remove(run.id()));
    return ended;
  }

  private List<RunHandle> named(String id) {
    return runs.containsKey(id) ? List.of(runs.get(id)) : List.of();
  }
}
