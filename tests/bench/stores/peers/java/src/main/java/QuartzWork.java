import com.zaxxer.hikari.HikariDataSource;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.quartz.Job;
import org.quartz.JobBuilder;
import org.quartz.JobDetail;
import org.quartz.JobExecutionContext;
import org.quartz.Scheduler;
import org.quartz.Trigger;
import org.quartz.TriggerBuilder;
import org.quartz.impl.StdSchedulerFactory;
import org.quartz.utils.ConnectionProvider;
import org.quartz.utils.DBConnectionManager;

/** Quartz with its JDBC store, clustered, and as many triggers taken at once as it has threads. */
final class QuartzWork implements Work {
  /** Does nothing. */
  public static final class Nothing implements Job {
    @Override
    public void execute(JobExecutionContext context) {}
  }

  /** Lends Quartz the connections of the common pool. */
  private record Lent(HikariDataSource database) implements ConnectionProvider {
    @Override
    public Connection getConnection() throws SQLException {
      return database.getConnection();
    }

    @Override
    public void shutdown() {}

    @Override
    public void initialize() {}
  }

  private final Scheduler scheduler;

  QuartzWork(HikariDataSource database) throws Exception {
    try (InputStream tables = Job.class.getResourceAsStream("/org/quartz/impl/jdbcjobstore/tables_postgres.sql")) {
      StorePeers.execute(database, new String(tables.readAllBytes(), StandardCharsets.UTF_8));
    }
    DBConnectionManager.getInstance().addConnectionProvider("lent", new Lent(database));
    scheduler = new StdSchedulerFactory(properties()).getScheduler();
    scheduler.start();
    scheduler.standby();
  }

  private static Properties properties() {
    Properties properties = new Properties();
    String store = "org.quartz.jobStore.";
    properties.put("org.quartz.scheduler.instanceName", "bench-" + System.nanoTime());
    properties.put("org.quartz.scheduler.instanceId", "AUTO");
    properties.put("org.quartz.scheduler.batchTriggerAcquisitionMaxCount", Integer.toString(StorePeers.THREADS));
    properties.put("org.quartz.threadPool.class", "org.quartz.simpl.SimpleThreadPool");
    properties.put("org.quartz.threadPool.threadCount", Integer.toString(StorePeers.THREADS));
    properties.put(store + "class", "org.quartz.impl.jdbcjobstore.JobStoreTX");
    properties.put(store + "driverDelegateClass", "org.quartz.impl.jdbcjobstore.PostgreSQLDelegate");
    properties.put(store + "dataSource", "lent");
    properties.put(store + "isClustered", "true");
    properties.put(store + "acquireTriggersWithinLock", "true");
    properties.put(store + "misfireThreshold", "600000");
    return properties;
  }

  @Override
  public void add(int count) throws Exception {
    Date due = Date.from(Instant.now());
    Map<JobDetail, Set<? extends Trigger>> jobs = new HashMap<>();
    for (int i = 0; i < count; ++i) {
      JobDetail job = JobBuilder.newJob(Nothing.class).withIdentity("job-" + i).build();
      jobs.put(job, Set.of(TriggerBuilder.newTrigger().forJob(job).startAt(due).build()));
    }
    scheduler.scheduleJobs(jobs, false);
  }

  @Override
  public void resume() throws Exception {
    scheduler.start();
  }

  @Override
  public String table() {
    return "qrtz_triggers";
  }

  @Override
  public void close() throws Exception {
    scheduler.shutdown(true);
  }
}
