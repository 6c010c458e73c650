package io.duetime;

/** What kind of failure a {@link DuetimeException} tells of. */
public enum ErrorCode {
  /** A value that could never be right. */
  INVALID_ARGUMENT(-1),
  /** There is no job, store, executor, task or zone of that name. */
  NOT_FOUND(-2),
  /** The id or alias is taken. */
  CONFLICT(-3),
  ALREADY_RUNNING(-4),
  NOT_RUNNING(-5),
  /** Nothing happened; the same call may work later. */
  STORE_UNAVAILABLE(-6),
  /** Nothing of the call was kept. */
  STORE_FULL(-7),
  /** File or schema is not what it should be; left untouched. */
  STORE_CORRUPT(-8),
  /** Written by a newer duetime; left untouched. */
  NEWER_VERSION(-9),
  /** The deadline passed; whether it took effect is unknown. */
  TIMEOUT(-10),
  /** The object belongs to the parent process. */
  FORKED(-11),
  /** Destroyed, or never a handle of this type. */
  STALE_HANDLE(-12),
  /** A callback reported a failure. */
  CALLBACK(-13),
  UNSUPPORTED(-14),
  NO_MEMORY(-15),
  INTERNAL(-16),
  /** As many runs of the job as it allows are under way. */
  MAX_INSTANCES(-17),
  /** A code of a newer engine; {@link DuetimeException#status()} has its number. */
  UNKNOWN(0);

  private final int status;

  ErrorCode(int status) {
    this.status = status;
  }

  static ErrorCode of(int status) {
    for (ErrorCode code : values()) {
      if (code.status == status) {
        return code;
      }
    }
    return UNKNOWN;
  }
}
