package io.duetime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks in processes of their own. */
class WorkerTest {
  private static final EnumSet<EventType> ENDS =
      EnumSet.of(EventType.JOB_EXECUTED, EventType.JOB_ERROR, EventType.JOB_PARKED);

  /** The worker's tasks write what they see to the file that their payload names. */
  static final class Program {
    private static String setup = "";

    private static void note(TaskCall call) throws IOException {
      String seen =
          Stream.of(
                  call.jobId(),
                  call.jobName(),
                  call.task(),
                  call.store(),
                  call.runId(),
                  call.payload().encoding(),
                  call.scheduledTime(),
                  call.attempt(),
                  call.isCancelled(),
                  ProcessHandle.current().pid(),
                  setup,
                  System.getenv("DUETIME_WORKER"))
              .map(String::valueOf)
              .collect(Collectors.joining("\n"));
      Files.writeString(Path.of(call.payload().text()), seen);
    }

    private static void fail(TaskCall call) {
      throw new IllegalStateException("kaputt 🗓");
    }

    private static void refuse(TaskCall call) throws CannotRunException {
      throw new CannotRunException("unreadable");
    }

    private static void exit(TaskCall call) {
      Runtime.getRuntime().halt(7);
    }

    private static void prepare(byte[] bytes) {
      setup = new String(bytes, StandardCharsets.UTF_8);
      if (setup.equals("refuse")) {
        throw new IllegalArgumentException("will not");
      }
    }

    public static void main(String[] arguments) {
      Map<String, Task> tasks =
          Map.of("note", Program::note, "fail", Program::fail, "refuse", Program::refuse, "exit", Program::exit);
      Worker.run(name -> Optional.ofNullable(tasks.get(name)), Program::prepare);
    }
  }

  /** For Worker.main(). */
  public static final class Tasks implements TaskResolver {
    @Override
    public Optional<Task> find(String name) {
      return name.equals("note") ? Optional.of(Program::note) : Optional.empty();
    }
  }

  private final Scheduler scheduler = new Scheduler(Played.quiet());
  private final BlockingQueue<Event> ends = new LinkedBlockingQueue<>();

  @AfterEach
  void close() {
    scheduler.close();
  }

  private void start(String setup, List<String> command) {
    byte[] bytes = setup.getBytes(StandardCharsets.UTF_8);
    scheduler.addProcessPool("pool", new ProcessPoolOptions(command).workers(1).setup(bytes));
    for (String task : List.of("note", "fail", "refuse", "exit", "stranger")) {
      scheduler.registerTask(task, call -> {}); // known here, run there
    }
    scheduler.addListener(ENDS, ends::add);
    scheduler.start();
  }

  private Event run(String task, String payload) throws InterruptedException {
    scheduler.addJob(
        Trigger.date(Instant.parse("2026-01-05T12:00:00Z")),
        new JobOptions(task)
            .id(task + " 🗓")
            .executor("pool")
            .misfireGrace(JobOptions.UNLIMITED)
            .payload(Payload.of("path", payload.getBytes(StandardCharsets.UTF_8))));
    Event end = ends.poll(Played.PATIENCE.getSeconds(), TimeUnit.SECONDS);
    assertEquals(task + " 🗓", end.jobId());
    return end;
  }

  @Test
  void aWorkerSeesItsRunAndNothingElse(@TempDir Path directory) throws Exception {
    start("hello 🗓", Worker.command(Program.class));
    Path file = directory.resolve("note");
    Event end = run("note", file.toString());
    assertEquals(EventType.JOB_EXECUTED, end.type());
    List<String> seen = Files.readAllLines(file);
    assertEquals(
        List.of("note 🗓", "note", "note", "default", end.runId(), "path", "2026-01-05T12:00:00Z", "1", "false"),
        seen.subList(0, 9));
    assertNotEquals(Long.toString(ProcessHandle.current().pid()), seen.get(9));
    assertEquals(List.of("hello 🗓", "null"), seen.subList(10, 12));
    assertEquals(EventType.JOB_EXECUTED, run("note", file.toString()).type());
    assertEquals(seen.get(9), Files.readAllLines(file).get(9), "the same process");
  }

  @Test
  void whatItsTaskThrowsIsTheRunsError() throws Exception {
    start("", Worker.command(Program.class));
    Event end = run("fail", "");
    assertEquals(EventType.JOB_ERROR, end.type());
    assertEquals("java.lang.IllegalStateException", end.errorKind());
    assertEquals("kaputt 🗓", end.error());
    assertTrue(end.traceback().contains("WorkerTest$Program.fail"), end.traceback());
  }

  @Test
  void whatItCannotRunIsParked() throws Exception {
    start("", Worker.command(Program.class));
    assertEquals("unreadable", run("refuse", "").error());
    Event stranger = run("stranger", "");
    assertEquals(EventType.JOB_PARKED, stranger.type());
    assertEquals("the worker does not know the task \"stranger\"", stranger.error());
  }

  @Test
  void anotherWorkerFollowsOneThatDies(@TempDir Path directory) throws Exception {
    start("", Worker.command(Program.class));
    Event end = run("exit", "");
    assertEquals("BrokenProcessPool", end.errorKind());
    assertTrue(end.error().contains("status 7"), end.error());
    assertEquals(EventType.JOB_EXECUTED, run("note", directory.resolve("note").toString()).type());
  }

  @Test
  void aWorkerThatCannotGetReadySaysWhy() throws Exception {
    start("refuse", Worker.command(Program.class));
    Event end = run("note", "");
    assertEquals(EventType.JOB_ERROR, end.type());
    assertTrue(end.error().contains("will not"), end.error());
  }

  @Test
  void aResolverIsEnough(@TempDir Path directory) throws Exception {
    start("", Worker.command(Worker.class, Tasks.class.getName()));
    assertEquals(EventType.JOB_EXECUTED, run("note", directory.resolve("note").toString()).type());
  }

  @Test
  void withoutAPoolThereIsNothingToWorkFor() {
    DuetimeException thrown = assertThrows(DuetimeException.class, () -> Worker.run(Map.of()));
    assertEquals(ErrorCode.INVALID_ARGUMENT, thrown.code());
    assertTrue(thrown.getMessage().contains("DUETIME_WORKER"), thrown.getMessage());
  }

  @Test
  void aPoolNeedsAProgram() {
    DuetimeException thrown =
        assertThrows(
            DuetimeException.class, () -> scheduler.addProcessPool("pool", new ProcessPoolOptions(List.of())));
    assertEquals(ErrorCode.INVALID_ARGUMENT, thrown.code());
  }
}
