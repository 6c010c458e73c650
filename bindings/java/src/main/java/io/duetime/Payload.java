package io.duetime;

import io.duetime.internal.NativePayload;
import java.nio.charset.StandardCharsets;

/**
 * What a task is given: bytes and how to read them. Nodes of all languages read "json" payloads of the form {@code
 * {"args": [...], "kwargs": {...}}}.
 */
public final class Payload {
  /** No bytes. */
  public static final Payload NONE = new Payload("none", new byte[0]);

  private final String encoding;
  private final byte[] data;

  private Payload(String encoding, byte[] data) {
    this.encoding = encoding;
    this.data = data;
  }

  /** Bytes in an encoding of the caller's choice. */
  public static Payload of(String encoding, byte[] data) {
    return new Payload(encoding, data.clone());
  }

  /** A JSON text. */
  public static Payload json(String text) {
    return new Payload("json", text.getBytes(StandardCharsets.UTF_8));
  }

  /** Takes over the array. */
  static Payload taking(String encoding, byte[] data) {
    return new Payload(encoding, data);
  }

  /** "json", "none" and the like. */
  public String encoding() {
    return encoding;
  }

  /** A copy. */
  public byte[] data() {
    return data.clone();
  }

  /** The bytes, read as UTF-8. */
  public String text() {
    return new String(data, StandardCharsets.UTF_8);
  }

  /** The caller deletes it. */
  NativePayload toNative() {
    NativePayload payload = new NativePayload();
    payload.setEncoding(encoding);
    payload.setData(data);
    return payload;
  }

  /** For people who debug. */
  @Override
  public String toString() {
    return encoding + ", " + data.length + " bytes";
  }
}
