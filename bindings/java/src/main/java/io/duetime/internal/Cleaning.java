package io.duetime.internal;

import java.lang.ref.Cleaner;

/** Frees what proxies without {@code delete()} hold. */
final class Cleaning {
  private static final Cleaner CLEANER = Cleaner.create();

  private Cleaning() {}

  /** {@code free} knows nothing of the proxy. */
  static void whenForgotten(Object proxy, Runnable free) {
    CLEANER.register(proxy, free);
  }
}
