package io.duetime;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Numbers and texts as bytes: how those are read that the engine packs, and what workers and pools say to each other
 * (docs/worker_protocol.md); and a frame that is written.
 */
final class Frames {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  Frames(byte type) {
    bytes.write(type);
  }

  /** From its type on. */
  static ByteBuffer reader(byte[] frame) {
    return ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
  }

  static byte[] bytes(ByteBuffer frame) {
    byte[] member = new byte[frame.getInt()];
    frame.get(member);
    return member;
  }

  static String text(ByteBuffer frame) {
    int size = frame.getInt();
    String text = new String(frame.array(), frame.position(), size, StandardCharsets.UTF_8);
    frame.position(frame.position() + size);
    return text;
  }

  Frames number(int value) {
    return write(ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value));
  }

  Frames number(long value) {
    return write(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value));
  }

  Frames status(int value) {
    bytes.write(value);
    return this;
  }

  Frames text(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    return number(utf8.length).write(ByteBuffer.wrap(utf8));
  }

  Frames failure(Failure failure) {
    return text(failure.kind).text(failure.message).text(failure.traceback);
  }

  private Frames write(ByteBuffer member) {
    bytes.writeBytes(member.array());
    return this;
  }

  byte[] toBytes() {
    return bytes.toByteArray();
  }
}
