import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;

/** db-scheduler, polling with lock-and-fetch and the limits that its documentation gives for high throughput. */
final class DbSchedulerWork implements Work {
  private static final String TABLE =
      "CREATE TABLE scheduled_tasks (task_name text NOT NULL, task_instance text NOT NULL, task_data bytea, "
          + "execution_time timestamptz, picked boolean NOT NULL, picked_by text, last_success timestamptz, "
          + "last_failure timestamptz, consecutive_failures int, last_heartbeat timestamptz, version bigint NOT NULL, "
          + "priority smallint, PRIMARY KEY (task_name, task_instance))";

  private final OneTimeTask<Void> task = Tasks.oneTime("nothing").execute((instance, context) -> {});
  private final Scheduler scheduler;

  DbSchedulerWork(HikariDataSource database) throws Exception {
    StorePeers.execute(database, "DROP TABLE IF EXISTS scheduled_tasks");
    StorePeers.execute(database, TABLE);
    StorePeers.execute(database, "CREATE INDEX ON scheduled_tasks (execution_time)");
    StorePeers.execute(database, "CREATE INDEX ON scheduled_tasks (last_heartbeat)");
    scheduler =
        Scheduler.create(database, task)
            .threads(StorePeers.THREADS)
            .pollingInterval(Duration.ofMillis(100))
            .pollUsingLockAndFetch(4.0, 20.0)
            .build();
    scheduler.start();
    scheduler.pause();
  }

  @Override
  public void add(int count) {
    List<TaskInstance<?>> instances =
        IntStream.range(0, count).<TaskInstance<?>>mapToObj(i -> task.instance(Integer.toString(i))).toList();
    scheduler.scheduleBatch(instances, Instant.now());
  }

  @Override
  public void resume() {
    scheduler.resume();
  }

  @Override
  public String table() {
    return "scheduled_tasks";
  }

  @Override
  public void close() {
    scheduler.stop();
  }
}
