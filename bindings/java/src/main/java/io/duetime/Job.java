package io.duetime;

import io.duetime.internal.NativeJob;
import io.duetime.internal.NativePayload;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A snapshot of a job as its store had it. It does not change; any thread may use it. */
public final class Job {
  private final NativeJob job;

  Job(NativeJob job) {
    this.job = job;
  }

  public String id() {
    return job.id();
  }

  public String name() {
    return job.name();
  }

  public String task() {
    return job.task();
  }

  /** By alias. */
  public String executor() {
    return job.executor();
  }

  /** The alias of its store. */
  public String store() {
    return job.store();
  }

  public JobStatus status() {
    return JobStatus.values()[job.status()];
  }

  /** Why it is {@link JobStatus#UNREADABLE}; "" for others. */
  public String error() {
    return job.error();
  }

  public boolean coalesce() {
    return job.coalesce();
  }

  public int maxInstances() {
    return job.maxInstances();
  }

  public boolean recover() {
    return job.recover();
  }

  /** {@link JobOptions#UNLIMITED} for none. */
  public Duration misfireGrace() {
    return Micros.toLimit(job.misfireGrace());
  }

  /** Empty while it is paused, or when it is spent. */
  public Optional<Instant> nextRunTime() {
    return Micros.toOptional(job.nextRunTime());
  }

  public List<String> tags() {
    return Natives.apply(job.tags(), tags -> tags.delete(), List::copyOf);
  }

  public Payload payload() {
    return Natives.apply(
        job.payload(), NativePayload::delete, found -> Payload.taking(found.getEncoding(), found.getData()));
  }

  /** The caller closes it, or the garbage collector does. */
  public Trigger trigger() {
    return Trigger.of(job.trigger());
  }

  /**
   * The job document.
   *
   * @throws DuetimeException {@link ErrorCode#UNSUPPORTED} for a payload that is an object of another language
   */
  public String toJson() {
    return job.toJson();
  }

  /** For people who debug. */
  @Override
  public String toString() {
    return id() + " (" + status() + ")";
  }
}
