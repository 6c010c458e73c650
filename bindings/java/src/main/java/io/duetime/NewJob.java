package io.duetime;

import io.duetime.internal.NativeJobOptions;
import io.duetime.internal.NativeNewJob;
import io.duetime.internal.NativeTrigger;
import java.util.Objects;

/** One of many jobs that are added at once. */
public final class NewJob {
  private final Trigger trigger;
  private final JobOptions options;

  /** The trigger is looked at when the job is added. */
  public NewJob(Trigger trigger, JobOptions options) {
    this.trigger = Objects.requireNonNull(trigger, "trigger");
    this.options = Objects.requireNonNull(options, "options");
  }

  /** The caller deletes it. */
  NativeNewJob toNative() {
    return Natives.apply(
        trigger.share(),
        NativeTrigger::delete,
        rule -> Natives.apply(options.toNative(), NativeJobOptions::delete, rest -> new NativeNewJob(rule, rest)));
  }
}
