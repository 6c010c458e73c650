package io.duetime;

/** A {@link Listener}'s, which {@link #close} ends. */
public interface Subscription extends AutoCloseable {
  /** Tells it no more; a delivery under way in another thread may still end afterwards. Doing it twice does nothing. */
  @Override
  void close();
}
