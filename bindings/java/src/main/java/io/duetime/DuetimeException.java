package io.duetime;

import java.nio.charset.StandardCharsets;

/** A call of the engine failed. The message names the value and what was expected. */
public final class DuetimeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;

  /** Called by the native library, which has text as UTF-8. */
  DuetimeException(int status, byte[] message) {
    super(new String(message, StandardCharsets.UTF_8));
    this.status = status;
  }

  /** The kind of failure. */
  public ErrorCode code() {
    return ErrorCode.of(status);
  }

  /** The number of the code in the C ABI ({@code DUETIME_ERROR_...}). */
  public int status() {
    return status;
  }
}
