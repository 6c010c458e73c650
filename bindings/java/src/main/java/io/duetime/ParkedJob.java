package io.duetime;

import io.duetime.internal.NativeParkedJob;

/** A job that this node cannot read or run; it stays in its store as it is. */
public final class ParkedJob {
  private final String id;
  private final String store;
  private final String reason;

  /** A copy. */
  ParkedJob(NativeParkedJob job) {
    id = job.getId();
    store = job.getStore();
    reason = job.getReason();
  }

  public String id() {
    return id;
  }

  /** The alias of its store. */
  public String store() {
    return store;
  }

  public String reason() {
    return reason;
  }

  /** For people who debug. */
  @Override
  public String toString() {
    return id + ": " + reason;
  }
}
