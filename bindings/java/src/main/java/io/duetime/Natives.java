package io.duetime;

import java.util.function.Consumer;
import java.util.function.Function;

/** Objects of the plain layer that are deleted after use. */
final class Natives {
  private Natives() {}

  static <T, R> R apply(T object, Consumer<T> delete, Function<T, R> use) {
    try {
      return use.apply(object);
    } finally {
      delete.accept(object);
    }
  }

  static <T> void with(T object, Consumer<T> delete, Consumer<T> use) {
    try {
      use.accept(object);
    } finally {
      delete.accept(object);
    }
  }
}
