package io.duetime;

import io.duetime.internal.NativeJobOptions;
import io.duetime.internal.NativePayload;
import io.duetime.internal.NativeTexts;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;

/** Everything about a job but its trigger. Setters return this. */
public final class JobOptions {
  /** As a misfire grace: a run may start however late it is. As a timeout: wait as long as it takes. */
  public static final Duration UNLIMITED = ChronoUnit.FOREVER.getDuration();

  private static final Duration DEFAULT_GRACE = Duration.ofSeconds(1);

  private final String task;
  private String id = "";
  private String name = "";
  private String executor = "default";
  private String store = "default";
  private boolean coalesce = true;
  private int maxInstances = 1;
  private boolean recover;
  private boolean replace;
  private boolean paused;
  private long misfireGrace = Micros.of(DEFAULT_GRACE);
  private long nextRunTime = Micros.NONE;
  private List<String> tags = List.of();
  private Payload payload = Payload.NONE;

  /** {@code task}: the name under which it is registered where the job is to run. */
  public JobOptions(String task) {
    this.task = Objects.requireNonNull(task, "task");
  }

  /** 1 to 191 bytes; a random one unless set. */
  public JobOptions id(String id) {
    this.id = Objects.requireNonNull(id, "id");
    return this;
  }

  /** The task's name unless set. */
  public JobOptions name(String name) {
    this.name = Objects.requireNonNull(name, "name");
    return this;
  }

  /** By alias; "default" unless set. */
  public JobOptions executor(String executor) {
    this.executor = Objects.requireNonNull(executor, "executor");
    return this;
  }

  /** By alias; "default" unless set. */
  public JobOptions store(String store) {
    this.store = Objects.requireNonNull(store, "store");
    return this;
  }

  /** Several due fires become one run, the latest. True unless set. */
  public JobOptions coalesce(boolean coalesce) {
    this.coalesce = coalesce;
    return this;
  }

  /** Over all nodes that share the store; 1 unless set. */
  public JobOptions maxInstances(int maxInstances) {
    this.maxInstances = maxInstances;
    return this;
  }

  /** Run again when the node that ran it died. */
  public JobOptions recover(boolean recover) {
    this.recover = recover;
    return this;
  }

  /**
   * Overwrite a job of the same id instead of failing with {@link ErrorCode#CONFLICT}. If its trigger is the same and
   * it is to start as that says, the job stays where it stands.
   */
  public JobOptions replace(boolean replace) {
    this.replace = replace;
    return this;
  }

  /** Until it is resumed. */
  public JobOptions paused(boolean paused) {
    this.paused = paused;
    return this;
  }

  /** How late a run may start: at least a microsecond, or {@link #UNLIMITED}; a second unless set. */
  public JobOptions misfireGrace(Duration grace) {
    this.misfireGrace = Micros.ofLimit(grace);
    return this;
  }

  /** The trigger's first fire unless set. */
  public JobOptions nextRunTime(Instant time) {
    this.nextRunTime = Micros.of(time);
    return this;
  }

  /** The trigger's first fire unless set. */
  public JobOptions nextRunTime(ZonedDateTime time) {
    return nextRunTime(time.toInstant());
  }

  public JobOptions tags(String... tags) {
    this.tags = List.of(tags);
    return this;
  }

  /** What the task is given; {@link Payload#NONE} unless set. */
  public JobOptions payload(Payload payload) {
    this.payload = Objects.requireNonNull(payload, "payload");
    return this;
  }

  /** The caller deletes it. */
  NativeJobOptions toNative() {
    NativeJobOptions options = new NativeJobOptions();
    options.setTask(task);
    options.setId(id);
    options.setName(name);
    options.setExecutor(executor);
    options.setStore(store);
    options.setCoalesce(coalesce);
    options.setMaxInstances(maxInstances);
    options.setRecover(recover);
    options.setReplace(replace);
    options.setPaused(paused);
    options.setMisfireGrace(misfireGrace);
    options.setNextRunTime(nextRunTime);
    Natives.with(new NativeTexts(tags), NativeTexts::delete, options::setTags);
    Natives.with(payload.toNative(), NativePayload::delete, options::setPayload);
    return options;
  }
}
