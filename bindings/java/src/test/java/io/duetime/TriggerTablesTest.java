package io.duetime;

import static io.duetime.Tables.assertFires;
import static io.duetime.Tables.instant;
import static io.duetime.Tables.pairs;
import static io.duetime.Tables.rows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TriggerTablesTest {
  private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");

  private static final Map<String, BiConsumer<CronFields, String>> FIELDS =
      Map.of(
          "year", CronFields::year,
          "month", CronFields::month,
          "day", CronFields::day,
          "week", CronFields::week,
          "day_of_week", CronFields::dayOfWeek,
          "hour", CronFields::hour,
          "minute", CronFields::minute,
          "second", CronFields::second);

  @ParameterizedTest
  @ValueSource(strings = {"trigger_fires.json", "crontab_fires.json", "quartz_fires.json"})
  void documentsFire(String file) {
    for (JsonObject row : rows(file)) {
      try (Trigger trigger = Trigger.fromJson(row.get("document").toString());
          Trigger again = Trigger.fromJson(trigger.toJson())) {
        assertFires(row.getAsJsonArray("fires"), trigger, instant(row.get("now")));
        assertFires(row.getAsJsonArray("fires"), again, instant(row.get("now")));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"crontab", "quartz"})
  void dialectsFireAsTheirDocuments(String dialect) {
    BiFunction<String, CronOptions, Trigger> make = dialect.equals("quartz") ? Trigger::quartz : Trigger::crontab;
    for (JsonObject row : rows(dialect + "_fires.json")) {
      JsonObject document = row.getAsJsonObject("document");
      try (Trigger trigger = make.apply(document.get("expression").getAsString(), optionsOf(document))) {
        assertFires(row.getAsJsonArray("fires"), trigger, instant(row.get("now")));
      }
    }
  }

  private static CronOptions optionsOf(JsonObject document) {
    CronOptions options = new CronOptions().zone(ZoneId.of(document.get("timezone").getAsString()));
    if (document.has("dst")) {
      options.dst(policyOf(document.get("dst").getAsString()));
    }
    if (document.has("start")) {
      options.start(instant(document.get("start")));
    }
    if (document.has("end")) {
      options.end(instant(document.get("end")));
    }
    return options;
  }

  private static DstPolicy policyOf(String name) {
    return DstPolicy.valueOf(name.toUpperCase(Locale.ROOT));
  }

  private static CronFields fieldsOf(JsonObject row) {
    CronFields fields = new CronFields();
    row.getAsJsonObject("fields")
        .entrySet()
        .forEach(field -> FIELDS.get(field.getKey()).accept(fields, field.getValue().getAsString()));
    return fields;
  }

  @Test
  void cronFieldsFire() {
    for (JsonObject row : rows("cron_fires.json")) {
      try (Trigger trigger = Trigger.cron(fieldsOf(row), optionsOf(row))) {
        assertFires(row.getAsJsonArray("fires"), trigger, instant(row.get("now")));
      }
    }
  }

  @Test
  void cronFieldsFireAsThePolicySays() {
    for (JsonObject row : rows("cron_dst_fires.json")) {
      for (Map.Entry<String, JsonElement> policy : row.getAsJsonObject("fires").entrySet()) {
        CronOptions options = optionsOf(row).dst(policyOf(policy.getKey()));
        try (Trigger trigger = Trigger.cron(fieldsOf(row), options)) {
          assertFires(policy.getValue().getAsJsonArray(), trigger, instant(row.get("now")));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"examples of RFC 5545, 3.8.5.3", "clock changes", "edges", "dates"})
  void recurrencesFire(String table) {
    for (JsonObject row : rows("rrule_fires.json", table)) {
      JsonArray fires = row.getAsJsonArray("fires");
      for (String other : new String[] {"what", "fires", "total", "last"}) {
        row.remove(other);
      }
      row.addProperty("type", "rrule");
      try (Trigger trigger = Trigger.fromJson(row.toString())) {
        assertFires(fires, trigger, EARLIEST);
      }
    }
  }

  @Test
  void documentsAreRefused() {
    for (JsonArray row : pairs("trigger_errors.json", "documents")) {
      assertRefused(row.get(1), () -> Trigger.fromJson(row.get(0).toString()));
    }
    for (JsonObject row : rows("rrule_errors.json", "texts")) {
      if (!row.get("text").getAsString().isEmpty()) { // refused before it is read
        assertRefused(row.get("error"), () -> Trigger.rrule(row.get("text").getAsString()));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"crontab", "quartz"})
  void linesAreRefused(String dialect) {
    for (JsonArray row : pairs(dialect + "_errors.json", "errors")) {
      String line = row.get(0).getAsString();
      if (!line.isEmpty()) { // refused before it is read
        assertRefused(
            row.get(1), () -> (dialect.equals("quartz") ? Trigger.quartz(line) : Trigger.crontab(line)).close());
      }
    }
  }

  private static void assertRefused(JsonElement text, org.junit.jupiter.api.function.Executable call) {
    DuetimeException refused = assertThrows(DuetimeException.class, call, text::getAsString);
    assertEquals(text.getAsString(), refused.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"trigger_explanations.json", "cron_explanations.json"})
  void explainsItself(String file) {
    for (JsonArray row : pairs(file, "rules")) {
      try (Trigger trigger = Trigger.fromJson(row.get(0).toString())) {
        assertEquals(row.get(1).getAsString(), trigger.explain());
      }
    }
  }
}
