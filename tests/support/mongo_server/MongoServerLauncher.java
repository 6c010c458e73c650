import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/**
 * A server that speaks MongoDB's protocol, for tests: PORT [FILE], on 127.0.0.1. Port 0 is any free one; without a file
 * everything is in memory. Prints the port, and ends when its standard input does, so that no test leaves one behind.
 */
public final class MongoServerLauncher {
  /** What today's drivers ask for; the library's own constants stop at wire version 8. */
  private record Version5() implements MongoVersion {
    @Override
    public List<Integer> getVersionArray() {
      return List.of(5, 0, 0);
    }

    @Override
    public int getWireVersion() {
      return 13;
    }
  }

  public static void main(String[] arguments) throws Exception {
    MongoBackend backend = arguments.length > 1 ? new H2Backend(arguments[1]) : new MemoryBackend();
    MongoServer server = new MongoServer(backend.version(new Version5()));
    server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
    System.out.println(server.getLocalAddress().getPort());
    System.out.flush();
    while (System.in.read() >= 0) {
      continue;
    }
    server.shutdownNow();
    System.exit(0);
  }
}
