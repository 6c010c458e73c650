import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.backend.memory.MemoryDatabase;
import de.bwaldvogel.mongo.backend.memory.index.MemoryUniqueIndex;
import de.bwaldvogel.mongo.bson.Document;
import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;

/**
 * A server that speaks MongoDB's protocol, for tests: PORT [FILE [KEY CERTIFICATE]], on 127.0.0.1. Port 0 is any free one;
 * without a file, or with an empty name, everything is in memory. With a key and a certificate, PEM files of an elliptic
 * curve, it speaks TLS only. Prints the port, and ends when its standard input does, so that no test leaves one behind.
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

  /**
   * Finds documents by their _id whatever else a query says of them, as MongoDB does. The library looks at every document
   * of the collection once a query names one more field.
   */
  private static final class IdIndex extends MemoryUniqueIndex {
    IdIndex(String name, List<IndexKey> keys) {
      super(name, keys, false);
    }

    private static Document onlyId(Document query) {
      return new Document("_id", query.get("_id"));
    }

    @Override
    public boolean canHandle(Document query) {
      return query.containsKey("_id") && super.canHandle(onlyId(query));
    }

    @Override
    public Iterable<Integer> getPositions(Document query) {
      return super.getPositions(onlyId(query));
    }
  }

  private static final class InMemory extends MemoryBackend {
    @Override
    public MemoryDatabase openOrCreateDatabase(String databaseName) {
      return new MemoryDatabase(databaseName, getCursorRegistry()) {
        @Override
        protected Index<Integer> openOrCreateUniqueIndex(
            String collection, String name, List<IndexKey> keys, boolean sparse) {
          boolean ofIds = keys.size() == 1 && keys.get(0).getKey().equals("_id");
          return ofIds ? new IdIndex(name, keys) : super.openOrCreateUniqueIndex(collection, name, keys, sparse);
        }
      };
    }
  }

  private static PrivateKey readKey(String file) throws Exception {
    String base64 = Files.readString(Path.of(file)).replaceAll("-----[A-Z ]+-----|\\s", "");
    return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(base64)));
  }

  private static X509Certificate readCertificate(String file) throws Exception {
    try (FileInputStream input = new FileInputStream(file)) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(input);
    }
  }

  public static void main(String[] arguments) throws Exception {
    boolean onDisk = arguments.length > 1 && !arguments[1].isEmpty();
    MongoBackend backend = onDisk ? new H2Backend(arguments[1]) : new InMemory();
    MongoServer server = new MongoServer(backend.version(new Version5()));
    if (arguments.length > 2) {
      server.enableSsl(readKey(arguments[2]), null, readCertificate(arguments[3]));
    }
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
