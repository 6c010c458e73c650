package io.duetime;

/** What became of a {@link Run}. */
public enum RunState { // in the order of the C ABI, which begins with 1
  /** A node has it: started, or waiting for a worker. */
  CLAIMED,
  SUCCEEDED,
  FAILED,
  /** Too late for its misfire grace, so not executed. */
  MISSED,
  /** As many runs as the job allows were under way, so not executed. */
  REFUSED,
  /** Its node died, and the job does not ask to run again. */
  ABANDONED;

  int number() {
    return ordinal() + 1;
  }

  static RunState of(int number) {
    return values()[number - 1];
  }
}
