package io.duetime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** A virtual machine ends, whatever its schedulers are doing. */
class ExitTest {
  private static Scheduler started(Task task) throws InterruptedException {
    CountDownLatch began = new CountDownLatch(1);
    Scheduler scheduler = new Scheduler(Played.quiet());
    scheduler.registerTask(
        "task",
        call -> {
          began.countDown();
          task.run(call);
        });
    scheduler.start();
    scheduler.addJob(Trigger.interval(Duration.ofMillis(1)), new JobOptions("task"));
    began.await();
    return scheduler;
  }

  static final class LeftOpen {
    public static void main(String[] arguments) throws InterruptedException {
      started(call -> {});
      System.out.println("end of main");
    }
  }

  static final class TaskInMidRun {
    public static void main(String[] arguments) throws InterruptedException {
      started(call -> new CountDownLatch(1).await());
      System.out.println("end of main");
    }
  }

  static final class ListenerThatBlocks {
    public static void main(String[] arguments) throws InterruptedException {
      CountDownLatch heard = new CountDownLatch(1);
      Scheduler scheduler = started(call -> {});
      scheduler.addListener(
          event -> {
            heard.countDown();
            new CountDownLatch(1).await();
          });
      heard.await();
      System.out.println("end of main");
    }
  }

  static final class ExitInTask {
    public static void main(String[] arguments) throws InterruptedException {
      started(
          call -> {
            System.out.println("end of main");
            System.exit(0);
          });
      new CountDownLatch(1).await();
    }
  }

  static final class ManyOpen {
    public static void main(String[] arguments) throws InterruptedException {
      for (int i = 0; i < 10; ++i) {
        started(call -> {});
      }
      System.out.println("end of main");
    }
  }

  private static void assertEnds(Class<?> main) throws Exception {
    ChildJvm child = ChildJvm.run(main);
    assertEquals("end of main\n", child.output);
    assertEquals(0, child.status);
  }

  @Test
  void withASchedulerLeftOpen() throws Exception {
    assertEnds(LeftOpen.class);
  }

  @Test
  void withATaskInMidRun() throws Exception {
    assertEnds(TaskInMidRun.class);
  }

  @Test
  void withAListenerThatBlocks() throws Exception {
    assertEnds(ListenerThatBlocks.class);
  }

  @Test
  void fromATask() throws Exception {
    assertEnds(ExitInTask.class);
  }

  @Test
  void withManyLeftOpen() throws Exception {
    assertEnds(ManyOpen.class);
  }
}
