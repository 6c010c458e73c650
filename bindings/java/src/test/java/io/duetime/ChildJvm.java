package io.duetime;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A class with a main(), run in a virtual machine of its own with the class path of the tests. */
final class ChildJvm {
  final int status;
  final String output;

  private ChildJvm(int status, String output) {
    this.status = status;
    this.output = output;
  }

  static ChildJvm run(Class<?> main, String... options) throws IOException, InterruptedException {
    Path output = Files.createTempFile("child", ".log");
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    try {
      assertTrue(process.waitFor(2 * Played.PATIENCE.getSeconds(), TimeUnit.SECONDS), () -> "hangs: " + main.getName());
      return new ChildJvm(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
    } finally {
      process.destroyForcibly();
      Files.delete(output);
    }
  }
}
