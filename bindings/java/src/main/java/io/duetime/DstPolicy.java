package io.duetime;

/** What a rule about wall times does where a change of the clock skips or repeats them. */
public enum DstPolicy { // in the order of the C ABI
  /**
   * Skipped: once, right after the change; repeated: once. Wildcard hours or minutes follow the clock. The default.
   */
  VIXIE,
  /** Skipped: at the instant the old offset gives; repeated: twice. */
  APSCHEDULER,
  /** Skipped: not at all; repeated: once. */
  SKIP,
  /** Skipped: at the instant the old offset gives; repeated: once. */
  RFC5545
}
