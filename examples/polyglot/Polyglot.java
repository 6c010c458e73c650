import io.duetime.JobOptions;
import io.duetime.Payload;
import io.duetime.Scheduler;
import io.duetime.TaskCall;
import io.duetime.Trigger;
import io.duetime.Worker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Map;

/**
 * One store, programs of several languages: the half of Java. A job that one of them adds is run by any that knows its
 * task.
 *
 * <pre>
 * java -cp duetime.jar Polyglot.java worker URL TASK MARK_FILE
 *     runs jobs of TASK until standard input ends, and appends a line "java JOB_ID PAYLOAD" to MARK_FILE for each
 * java -cp duetime.jar Polyglot.java add URL JOB_ID TASK JSON_PAYLOAD
 *     adds a job that is due now
 * java -cp duetime.jar Polyglot.java pool TASK MARK_FILE
 *     as worker, but in a process pool of a program of any language, which starts it
 * </pre>
 */
public final class Polyglot {
  private Polyglot() {}

  public static void main(String[] arguments) throws IOException {
    if (arguments.length == 4 && arguments[0].equals("worker")) {
      work(arguments[1], arguments[2], Path.of(arguments[3]));
    } else if (arguments.length == 5 && arguments[0].equals("add")) {
      add(arguments[1], arguments[2], arguments[3], arguments[4]);
    } else if (arguments.length == 3 && arguments[0].equals("pool")) {
      Worker.run(Map.of(arguments[1], call -> mark(call, Path.of(arguments[2]))));
    } else {
      System.err.println(
          "expected worker URL TASK MARK_FILE, add URL JOB_ID TASK JSON_PAYLOAD, or pool TASK MARK_FILE");
      System.exit(2);
    }
  }

  private static void work(String url, String task, Path markFile) throws IOException {
    try (Scheduler scheduler = open(url)) {
      scheduler.registerTask(task, call -> mark(call, markFile));
      scheduler.start();
      System.in.readAllBytes();
      scheduler.shutdown();
    }
  }

  private static synchronized void mark(TaskCall call, Path markFile) throws IOException {
    String line = "java " + call.jobId() + " " + call.payload().text() + "\n";
    System.out.print(line);
    Files.writeString(markFile, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private static void add(String url, String jobId, String task, String payload) {
    try (Scheduler scheduler = open(url);
        Trigger now = Trigger.date(Instant.now())) {
      JobOptions job = new JobOptions(task).id(jobId).payload(Payload.json(payload));
      scheduler.addJob(now, job.misfireGrace(JobOptions.UNLIMITED));
    }
  }

  private static Scheduler open(String url) {
    Scheduler scheduler = new Scheduler();
    scheduler.addStore("default", url);
    return scheduler;
  }
}
