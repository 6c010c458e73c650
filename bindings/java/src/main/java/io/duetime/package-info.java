/**
 * A persistent job scheduler. A {@link io.duetime.Scheduler} runs {@link io.duetime.Task}s when the {@link
 * io.duetime.Trigger}s of their jobs say so; jobs and the history of their {@link io.duetime.Run}s are kept in stores,
 * which programs of several languages may share.
 *
 * <pre>{@code
 * try (Scheduler scheduler = new Scheduler()) {
 *   scheduler.addStore("default", "sqlite:///jobs.db");
 *   scheduler.registerTask("greet", call -> System.out.println("Hello, " + call.payload().text()));
 *   scheduler.start();
 *   scheduler.addJob(Trigger.crontab("@hourly"), new JobOptions("greet").id("greeting").replace(true));
 *   Thread.currentThread().join();
 * }
 * }</pre>
 */
package io.duetime;
