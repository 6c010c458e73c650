package io.duetime;

import java.time.ZoneId;
import java.time.ZoneOffset;

/** Java's zones by the engine's names. */
final class Zones {
  private Zones() {}

  /** "UTC", "+05:30" or a name of the tz database. */
  static String nameOf(ZoneId zone) {
    return zone.equals(ZoneOffset.UTC) ? "UTC" : zone.getId();
  }
}
