package io.duetime;

import io.duetime.internal.NativeJobChanges;
import io.duetime.internal.NativePayload;
import io.duetime.internal.NativeTexts;
import io.duetime.internal.NativeTrigger;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/** What {@link Scheduler#modifyJob} changes: what is not set stays. Setters return this. As {@link JobOptions}. */
public final class JobChanges {
  private final List<Consumer<NativeJobChanges>> changes = new ArrayList<>();

  private JobChanges add(Consumer<NativeJobChanges> change) {
    changes.add(change);
    return this;
  }

  public JobChanges name(String name) {
    Objects.requireNonNull(name, "name");
    return add(changes -> changes.setName(name));
  }

  public JobChanges task(String task) {
    Objects.requireNonNull(task, "task");
    return add(changes -> changes.setTask(task));
  }

  public JobChanges executor(String executor) {
    Objects.requireNonNull(executor, "executor");
    return add(changes -> changes.setExecutor(executor));
  }

  public JobChanges coalesce(boolean coalesce) {
    return add(changes -> changes.setCoalesce(coalesce));
  }

  public JobChanges maxInstances(int maxInstances) {
    return add(changes -> changes.setMaxInstances(maxInstances));
  }

  public JobChanges recover(boolean recover) {
    return add(changes -> changes.setRecover(recover));
  }

  public JobChanges misfireGrace(Duration grace) {
    long micros = Micros.ofLimit(grace);
    return add(changes -> changes.setMisfireGrace(micros));
  }

  /** Leaves the next run time alone, unlike {@link #reschedule}. */
  public JobChanges trigger(Trigger trigger) {
    Objects.requireNonNull(trigger, "trigger");
    return add(changes -> Natives.with(trigger.share(), NativeTrigger::delete, changes::setTrigger));
  }

  /** A new trigger, and its first fire from now on as the next run time. */
  public JobChanges reschedule(Trigger trigger) {
    return trigger(trigger).add(changes -> changes.setReschedule(true));
  }

  public JobChanges nextRunTime(Instant time) {
    long micros = Micros.of(time);
    return add(changes -> changes.setNextRunTime(micros));
  }

  public JobChanges nextRunTime(ZonedDateTime time) {
    return nextRunTime(time.toInstant());
  }

  public JobChanges tags(String... tags) {
    List<String> copy = List.of(tags);
    return add(changes -> Natives.with(new NativeTexts(copy), NativeTexts::delete, changes::setTags));
  }

  public JobChanges payload(Payload payload) {
    Objects.requireNonNull(payload, "payload");
    return add(changes -> Natives.with(payload.toNative(), NativePayload::delete, changes::setPayload));
  }

  /** The caller deletes it. */
  NativeJobChanges toNative() {
    NativeJobChanges made = new NativeJobChanges();
    try {
      changes.forEach(change -> change.accept(made));
      return made;
    } catch (RuntimeException closedTrigger) {
      made.delete();
      throw closedTrigger;
    }
  }
}
