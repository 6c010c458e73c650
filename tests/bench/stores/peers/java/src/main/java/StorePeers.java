import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;

/** The JVM's side of tests/bench/stores/run, which says how it is spoken with: given a JDBC URL. */
public final class StorePeers {
  static final int THREADS = 20;
  private static final int JOBS = 1_000;
  private static final long PAUSE_MILLIS = 2;

  @FunctionalInterface
  interface Opening {
    Work open(HikariDataSource database) throws Exception;
  }

  static HikariDataSource database(String url) {
    HikariConfig configuration = new HikariConfig();
    configuration.setJdbcUrl(url);
    configuration.setMaximumPoolSize(THREADS + 3);
    return new HikariDataSource(configuration);
  }

  static void execute(HikariDataSource database, String sql) throws SQLException {
    try (Connection connection = database.getConnection(); Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static void waitUntilEmpty(HikariDataSource database, String table) throws Exception {
    try (Connection connection = database.getConnection(); Statement statement = connection.createStatement()) {
      while (true) {
        try (ResultSet answer = statement.executeQuery("SELECT NOT EXISTS (SELECT FROM " + table + ")")) {
          answer.next();
          if (answer.getBoolean(1)) {
            return;
          }
        }
        Thread.sleep(PAUSE_MILLIS);
      }
    }
  }

  private static double perSecond(Opening opening, HikariDataSource database) throws Exception {
    try (Work work = opening.open(database)) {
      work.add(JOBS);
      long begin = System.nanoTime();
      work.resume();
      waitUntilEmpty(database, work.table());
      return JOBS / ((System.nanoTime() - begin) / 1e9);
    }
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, Opening> openings = new LinkedHashMap<>();
    openings.put("PostgreSQL: 1,000 one-shots | db-scheduler", DbSchedulerWork::new);
    openings.put("PostgreSQL: 1,000 one-shots | Quartz JDBC", QuartzWork::new);
    System.out.println("[\"" + String.join("\", \"", openings.keySet()) + "\"]");
    try (HikariDataSource database = database(arguments[0])) {
      BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
      for (String name = input.readLine(); name != null; name = input.readLine()) {
        System.out.println(perSecond(openings.get(name), database));
      }
    }
    System.exit(0);
  }
}
