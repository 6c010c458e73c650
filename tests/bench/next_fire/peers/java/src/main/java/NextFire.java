import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.TimeZone;

/** Java's side of tests/bench/next_fire/run, which describes what a driver reads and writes. */
final class NextFire {
  private static final Gson GSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  /** One expression in one zone, asked from each start, in the types of its library. */
  interface Question {
    Long answer(int start);

    Object pass();
  }

  record Cell(String peer, String expression, String zone, Question question) {
    JsonObject line() {
      JsonObject line = new JsonObject();
      line.addProperty("peer", peer);
      line.addProperty("expression", expression);
      line.addProperty("zone", zone);
      return line;
    }
  }

  interface Parser {
    Question parse(String text, ZoneId zone, long[] starts) throws ParseException;
  }

  record Peer(String name, String dialect, Parser parser) {}

  static final List<Peer> PEERS =
      List.of(new Peer("Quartz (Java)", "quartz", NextFire::quartz), new Peer("Spring (Java)", "seconds", NextFire::spring));

  static Question quartz(String text, ZoneId zone, long[] starts) throws ParseException {
    org.quartz.CronExpression cron = new org.quartz.CronExpression(text);
    cron.setTimeZone(TimeZone.getTimeZone(zone));
    Date[] dates = new Date[starts.length];
    for (int i = 0; i < starts.length; ++i) dates[i] = new Date(starts[i] * 1000);
    return new Question() {
      public Long answer(int start) {
        Date fire = cron.getNextValidTimeAfter(dates[start]);
        return fire == null ? null : Long.valueOf(fire.getTime() / 1000);
      }

      public Object pass() {
        Object last = null;
        for (Date date : dates) last = cron.getNextValidTimeAfter(date);
        return last;
      }
    };
  }

  static Question spring(String text, ZoneId zone, long[] starts) {
    var cron = org.springframework.scheduling.support.CronExpression.parse(text);
    ZonedDateTime[] times = new ZonedDateTime[starts.length];
    for (int i = 0; i < starts.length; ++i) times[i] = Instant.ofEpochSecond(starts[i]).atZone(zone);
    return new Question() {
      public Long answer(int start) {
        ZonedDateTime fire = cron.next(times[start]);
        return fire == null ? null : Long.valueOf(fire.toEpochSecond());
      }

      public Object pass() {
        Object last = null;
        for (ZonedDateTime time : times) last = cron.next(time);
        return last;
      }
    };
  }

  static void print(JsonObject line) {
    System.out.println(GSON.toJson(line));
  }

  static void addCell(List<Cell> cells, Peer peer, JsonObject expression, String zone, long[] starts) {
    Cell cell = new Cell(peer.name(), expression.get("name").getAsString(), zone, null);
    JsonElement text = expression.getAsJsonObject("spellings").get(peer.dialect());
    String absent = "cannot be expressed";
    if (text != null) {
      try {
        Question question = peer.parser().parse(text.getAsString(), ZoneId.of(zone), starts);
        cells.add(new Cell(cell.peer(), cell.expression(), zone, question));
        return;
      } catch (ParseException | IllegalArgumentException refused) {
        absent = refused.getMessage();
      }
    }
    JsonObject line = cell.line();
    line.addProperty("absent", absent);
    print(line);
  }

  static List<Cell> makeCells(JsonObject work, long[] starts) {
    List<Cell> cells = new ArrayList<>();
    for (JsonElement expression : work.getAsJsonArray("expressions")) {
      for (JsonElement zone : work.getAsJsonArray("zones")) {
        for (Peer peer : PEERS) addCell(cells, peer, expression.getAsJsonObject(), zone.getAsString(), starts);
      }
    }
    return cells;
  }

  static void printAnswers(Cell cell, int starts) {
    JsonArray answers = new JsonArray();
    for (int i = 0; i < starts; ++i) answers.add(cell.question().answer(i));
    JsonObject line = cell.line();
    line.add("answers", answers);
    print(line);
  }

  static Object sink;

  static void printTime(Cell cell, int starts) {
    long passes = 0;
    long began = System.nanoTime();
    do {
      sink = cell.question().pass();
      ++passes;
    } while (System.nanoTime() - began < 1_000_000);
    JsonObject line = cell.line();
    line.addProperty("ns", (double) (System.nanoTime() - began) / (passes * starts));
    print(line);
  }

  static void done() {
    System.out.println("{\"done\": true}");
  }

  public static void main(String[] arguments) throws Exception {
    JsonObject work = JsonParser.parseString(Files.readString(Path.of(arguments[0]))).getAsJsonObject();
    JsonArray given = work.getAsJsonArray("starts");
    long[] starts = new long[given.size()];
    for (int i = 0; i < starts.length; ++i) starts[i] = given.get(i).getAsLong();
    List<Cell> cells = makeCells(work, starts);
    for (Cell cell : cells) printAnswers(cell, starts.length);
    done();
    BufferedReader rounds = new BufferedReader(new InputStreamReader(System.in));
    while (rounds.readLine() != null) {
      for (Cell cell : cells) printTime(cell, starts.length);
      done();
    }
  }
}
