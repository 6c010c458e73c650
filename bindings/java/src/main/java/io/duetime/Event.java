package io.duetime;

import java.nio.ByteBuffer;
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

  /** As callbacks.hpp packs it. */
  Event(ByteBuffer event) {
    type = EventType.of(event.getLong());
    attempt = event.getInt();
    count = event.getLong();
    scheduledTimes = timesOf(event);
    alias = Frames.text(event);
    jobId = Frames.text(event);
    store = Frames.text(event);
    runId = Frames.text(event);
    errorKind = Frames.text(event);
    error = Frames.text(event);
    traceback = Frames.text(event);
  }

  private static List<Instant> timesOf(ByteBuffer event) {
    List<Instant> times = new ArrayList<>();
    for (int left = event.getInt(); left > 0; --left) {
      times.add(Micros.toInstant(event.getLong()));
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
