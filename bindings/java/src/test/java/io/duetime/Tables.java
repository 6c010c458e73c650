package io.duetime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The tables of tests/data, which the tests of every language read. */
final class Tables {
  private Tables() {}

  static List<JsonObject> rows(String file) {
    return rows(file, "rules");
  }

  static List<JsonObject> rows(String file, String table) {
    List<JsonObject> rows = new ArrayList<>();
    array(file, table).forEach(row -> rows.add(row.getAsJsonObject()));
    return rows;
  }

  /** Rows that are pairs: what is asked, and the text that is answered. */
  static List<JsonArray> pairs(String file, String table) {
    List<JsonArray> rows = new ArrayList<>();
    array(file, table).forEach(row -> rows.add(row.getAsJsonArray()));
    return rows;
  }

  private static JsonArray array(String file, String table) {
    try (Reader reader = Files.newBufferedReader(Paths.get(System.getProperty("duetime.data"), file))) {
      JsonArray rows = JsonParser.parseReader(reader).getAsJsonObject().getAsJsonArray(table);
      assertFalse(rows.isEmpty(), file);
      return rows;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  static Instant instant(JsonElement text) {
    return OffsetDateTime.parse(text.getAsString()).toInstant();
  }

  static void assertFires(JsonArray fires, Trigger trigger, Instant now) {
    Optional<Instant> fire = Optional.empty();
    for (JsonElement expected : fires) {
      fire = fire.isPresent() ? trigger.nextFireTime(fire.get(), fire.get()) : trigger.firstFireTime(now);
      assertEquals(expected.isJsonNull() ? Optional.empty() : Optional.of(instant(expected)), fire, trigger::toJson);
    }
  }
}
