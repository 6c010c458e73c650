package io.duetime;

/**
 * What a {@link Task} throws that cannot read its payload: the run is given back as if it had not been started, for
 * another node to try, and the job is parked on this one with the message.
 */
public class CannotRunException extends Exception {
  private static final long serialVersionUID = 1L;

  public CannotRunException(String message) {
    super(message);
  }

  public CannotRunException(String message, Throwable cause) {
    super(message, cause);
  }
}
