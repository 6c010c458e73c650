/** One scheduler on one PostgreSQL database with nothing in it, paused. */
interface Work extends AutoCloseable {
  /** Adds one-shots that do nothing and are due at once. */
  void add(int count) throws Exception;

  void resume() throws Exception;

  /** What is gone from the database when a one-shot has been completed. */
  String table();

  @Override
  void close() throws Exception;
}
