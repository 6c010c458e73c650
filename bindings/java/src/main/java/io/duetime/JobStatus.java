package io.duetime;

/** Where a job stands. */
public enum JobStatus { // in the order of the C ABI
  SCHEDULED,
  PAUSED,
  /** Its trigger is spent; it leaves when its last run has ended. */
  FINISHING,
  /** It cannot be read here; only id, store and error are known. */
  UNREADABLE
}
