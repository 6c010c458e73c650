package io.duetime;

import io.duetime.internal.NativeEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What a {@link Listener} is told. Members that a type does not use are empty or 0. */
public final class Event {
  private final EventType type;
  private final String alias;
  private final String jobId;
  private final String store;
  private final String runId;
  private final int attempt;
  private final List<Instant> scheduledTimes;
  private final long count;
  private final String errorKind;
  private final String error;
  private final String traceback;

  /** A copy. */
  Event(NativeEvent event) {
    type = EventType.of(event.getCode());
    alias = event.getAlias();
    jobId = event.getJobId();
    store = event.getStore();
    runId = event.getRunId();
    attempt = event.getAttempt();
    scheduledTimes = timesOf(event);
    count = event.getCount();
    errorKind = event.getErrorKind();
    error = event.getError();
    traceback = event.getTraceback();
  }

  private static List<Instant> timesOf(NativeEvent event) {
    List<Instant> times = new ArrayList<>();
    for (int i = 0; i < event.scheduledTimeCount(); ++i) {
      times.add(Micros.toInstant(event.scheduledTime(i)));
    }
    return Collections.unmodifiableList(times);
  }

  public EventType type() {
    return type;
  }

  /** Of the executor or store, for the types about them. */
  public String alias() {
    return alias;
  }

  public String jobId() {
    return jobId;
  }

  /** The alias of the job's store. */
  public String store() {
    return store;
  }

  public String runId() {
    return runId;
  }

  /** Of the run: 1, and one more for each takeover from a dead node. */
  public int attempt() {
    return attempt;
  }

  public List<Instant> scheduledTimes() {
    return scheduledTimes;
  }

  /** Missed or refused fires, listed or not. */
  public long count() {
    return count;
  }

  /** The class of what the task threw. */
  public String errorKind() {
    return errorKind;
  }

  /** The message of what went wrong. */
  public String error() {
    return error;
  }

  /** The stack trace of what the task threw. */
  public String traceback() {
    return traceback;
  }

  /** For people who debug. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(type.toString());
    for (String part : List.of(alias, jobId, runId, errorKind, error)) {
      text.append(part.isEmpty() ? "" : " ").append(part);
    }
    return text.toString();
  }
}
