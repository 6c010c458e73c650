import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.TimeZone;
import org.quartz.CronExpression;

/**
 * Asks Quartz when its expressions fire. Each line of the input is an expression, a zone and instants, separated by
 * tabs; instants are seconds since 1970. The line that answers it has, for each instant, the first fire after it or
 * "none"; or "error: " and why Quartz refuses the expression.
 */
final class QuartzOracle {
  public static void main(String[] arguments) throws Exception {
    PrintStream out = new PrintStream(System.out, false, "UTF-8");
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(answer(line.split("\t")));
    }
    out.flush();
  }

  private static String answer(String[] question) {
    CronExpression expression;
    try {
      expression = new CronExpression(question[0]);
    } catch (Exception refusal) {
      return "error: " + refusal.getMessage();
    }
    expression.setTimeZone(TimeZone.getTimeZone(question[1]));
    List<String> fires = new ArrayList<>();
    for (int i = 2; i < question.length; ++i) {
      Date fire = expression.getNextValidTimeAfter(new Date(Long.parseLong(question[i]) * 1000));
      fires.add(fire == null ? "none" : Long.toString(fire.getTime() / 1000));
    }
    return String.join("\t", fires);
  }
}
