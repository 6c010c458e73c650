package io.duetime.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/**
 * Loads the engine: the file that the system property {@code io.duetime.lib.path} names; else the one in this jar for
 * this platform; else the one that the system finds under the name {@code duetimejni}.
 */
final class NativeLibrary {
  private NativeLibrary() {}

  static void load() {
    String path = System.getProperty("io.duetime.lib.path");
    if (path != null) {
      System.load(Paths.get(path).toAbsolutePath().toString());
      return;
    }
    String resource = resourceOf(System.getProperty("os.name"), System.getProperty("os.arch"));
    try (InputStream packed = NativeLibrary.class.getResourceAsStream(resource)) {
      if (packed == null) {
        System.loadLibrary("duetimejni");
      } else {
        loadCopyOf(packed);
      }
    } catch (IOException failure) {
      throw new IllegalStateException("cannot unpack " + resource + ": " + failure, failure);
    }
  }

  /** Linux on amd64: {@code /io/duetime/native/linux-x86_64/libduetimejni.so}. */
  private static String resourceOf(String system, String architecture) {
    String machine = architecture.equals("amd64") ? "x86_64" : architecture;
    String directory = system.toLowerCase(Locale.ROOT).replace(" ", "") + "-" + machine;
    return "/io/duetime/native/" + directory + "/" + System.mapLibraryName("duetimejni");
  }

  /** What is loaded stays readable without its name, so nothing is left behind, however the process ends. */
  private static void loadCopyOf(InputStream packed) throws IOException {
    Path file = Files.createTempFile("duetimejni", ".so");
    try {
      Files.copy(packed, file, StandardCopyOption.REPLACE_EXISTING);
      System.load(file.toString());
    } finally {
      Files.delete(file);
    }
  }
}
