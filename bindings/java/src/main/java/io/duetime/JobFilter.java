package io.duetime;

import io.duetime.internal.NativeJobFilter;
import java.util.Objects;

/**
 * Which jobs {@link Scheduler#findJobs(JobFilter)} answers. What is not set excludes nothing; unreadable jobs have
 * neither tags nor task nor executor. Setters return this.
 */
public final class JobFilter {
  private String tag;
  private String task;
  private String executor;
  private String afterId;
  private Long limit; // null for all

  /** One of the job's. */
  public JobFilter tag(String tag) {
    this.tag = Objects.requireNonNull(tag, "tag");
    return this;
  }

  public JobFilter task(String task) {
    this.task = Objects.requireNonNull(task, "task");
    return this;
  }

  /** By alias. */
  public JobFilter executor(String executor) {
    this.executor = Objects.requireNonNull(executor, "executor");
    return this;
  }

  /** Only ids that are greater, by their bytes. */
  public JobFilter afterId(String id) {
    this.afterId = Objects.requireNonNull(id, "id");
    return this;
  }

  /** At most so many, at least 1. */
  public JobFilter limit(long limit) {
    this.limit = limit;
    return this;
  }

  /** The caller deletes it. */
  NativeJobFilter toNative() {
    NativeJobFilter filter = new NativeJobFilter();
    filter.setTag(tag);
    filter.setTask(task);
    filter.setExecutor(executor);
    filter.setAfterId(afterId);
    if (limit != null) {
      filter.setLimit(limit);
    }
    return filter;
  }
}
