package io.duetime;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.function.Supplier;

/** What is told of something that was thrown. */
final class Failure {
  /** Nothing was. */
  static final Failure NONE = new Failure("", "", "");

  final String kind;
  final String message;
  final String traceback;

  Failure(Throwable thrown) {
    this(thrown.getClass().getName(), textOf(thrown::getMessage), textOf(() -> stackTraceOf(thrown)));
  }

  private Failure(String kind, String message, String traceback) {
    this.kind = kind;
    this.message = message;
    this.traceback = traceback;
  }

  private static String stackTraceOf(Throwable thrown) {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  /** "" where users' code has no text, or throws itself. */
  private static String textOf(Supplier<String> text) {
    try {
      String found = text.get();
      return found == null ? "" : found;
    } catch (RuntimeException | StackOverflowError broken) {
      return "";
    }
  }
}
