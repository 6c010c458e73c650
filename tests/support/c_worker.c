/* A worker program in C, as docs/worker_protocol.md describes one: what the tests of the process pool run.
 * The job's payload is what it is to do:
 *   echo TEXT    succeeds, with the text as its result
 *   pid          succeeds, with its process id as its result
 *   fields       succeeds, with the members of the run as its result, one a line
 *   fail TEXT    fails with that message
 *   unreadable   cannot read its arguments
 *   exit N       ends the process with that status
 *   raise N      kills the process with that signal
 *   block PATH   notes its process id in PATH and waits until PATH.go is there
 *   garbage      breaks the protocol
 *   close        closes the channel and waits
 *   fds          succeeds, with the numbers of its open descriptors as its result
 * The setup, of what the pool says to each worker, may be
 *   refuse TEXT  it cannot get ready, for that reason
 *   die          it ends before it is ready */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HELLO = 1, READY = 2, REFUSED = 3, RUN = 4, OUTCOME = 5 };
enum { SUCCEEDED = 0, FAILED = 1, CANNOT_RUN = 2 };
enum { VERSION = 1 };

static int channel;
static int turns;

/* --- bytes in and out --- */

static void read_all(int fd, void* to, size_t size) {
  char* at = to;
  while (size > 0) {
    const ssize_t got = read(fd, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) exit(0); /* the pool is gone */
    at += got;
    size -= (size_t)got;
  }
}

static void write_all(int fd, const void* from, size_t size) {
  const char* at = from;
  while (size > 0) {
    const ssize_t sent = write(fd, at, size);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) exit(0);
    at += sent;
    size -= (size_t)sent;
  }
}

/* --- frames --- */

typedef struct frame {
  unsigned char type;
  unsigned char* at; /* the next member */
  unsigned char* memory;
} frame;

static uint64_t number(unsigned char** at, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= (uint64_t)(*at)[i] << (8 * i);
  *at += bytes;
  return value;
}

static frame read_frame(void) {
  unsigned char length[4], *at = length;
  read_all(channel, length, sizeof length);
  const size_t size = (size_t)number(&at, 4);
  frame read;
  read.memory = malloc(size);
  read_all(channel, read.memory, size);
  read.type = read.memory[0];
  read.at = read.memory + 1;
  return read;
}

static char* text(frame* from) {
  const size_t size = (size_t)number(&from->at, 4);
  char* copy = malloc(size + 1);
  memcpy(copy, from->at, size);
  copy[size] = '\0';
  from->at += size;
  return copy;
}

typedef struct buffer {
  unsigned char bytes[1 << 16];
  size_t size;
} buffer;

static void put_number(buffer* to, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to->bytes[to->size++] = (unsigned char)(value >> (8 * i));
}

static void put_text(buffer* to, const char* value) {
  const size_t size = strlen(value);
  put_number(to, size, 4);
  memcpy(to->bytes + to->size, value, size);
  to->size += size;
}

static buffer begin_frame(int type) {
  buffer started;
  started.size = 0;
  put_number(&started, 0, 4);
  put_number(&started, (uint64_t)type, 1);
  return started;
}

static void send_frame(buffer* finished) {
  const size_t size = finished->size;
  finished->size = 0;
  put_number(finished, size - 4, 4);
  write_all(channel, finished->bytes, size);
}

/* --- what it says --- */

static void send_outcome(uint64_t run, int status, const char* message, const char* result) {
  buffer outcome = begin_frame(OUTCOME);
  put_number(&outcome, run, 8);
  put_number(&outcome, (uint64_t)status, 1);
  put_text(&outcome, status == SUCCEEDED ? "" : "CError");
  put_text(&outcome, message);
  put_text(&outcome, status == SUCCEEDED ? "" : "line 1\n");
  put_text(&outcome, result);
  send_frame(&outcome);
}

static void greet(void) {
  frame hello = read_frame();
  number(&hello.at, 4); /* the newest version that the pool speaks */
  char* setup = text(&hello);
  if (strcmp(setup, "die") == 0) exit(7);
  const int refuse = strncmp(setup, "refuse ", 7) == 0;
  buffer answer = begin_frame(refuse ? REFUSED : READY);
  if (refuse) {
    put_text(&answer, "SetupError");
    put_text(&answer, setup + 7);
    put_text(&answer, "");
  } else {
    put_number(&answer, VERSION, 4);
  }
  send_frame(&answer);
  free(setup);
  free(hello.memory);
}

/* --- what it does --- */

static void open_descriptors(char* to, size_t size) {
  to[0] = '\0';
  for (int fd = 0; fd < 256; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) snprintf(to + strlen(to), size - strlen(to), "%d ", fd);
  }
}

static void block(const char* path) {
  char go[512];
  snprintf(go, sizeof go, "%s.go", path);
  FILE* file = fopen(path, "a");
  fprintf(file, "%ld\n", (long)getpid());
  fclose(file);
  const struct timespec pause = {0, 2000000};
  while (access(go, F_OK) != 0) nanosleep(&pause, NULL);
}

static void perform(uint64_t run, const char* what, const char* fields) {
  char result[4096] = "";
  if (strncmp(what, "fail ", 5) == 0) {
    send_outcome(run, FAILED, what + 5, "");
    return;
  }
  if (strcmp(what, "unreadable") == 0) {
    send_outcome(run, CANNOT_RUN, "no such arguments", "");
    return;
  }
  if (strncmp(what, "exit ", 5) == 0) _exit(atoi(what + 5));
  if (strncmp(what, "raise ", 6) == 0) kill(getpid(), atoi(what + 6));
  if (strcmp(what, "close") == 0) {
    close(channel);
    for (;;) pause();
  }
  if (strcmp(what, "garbage") == 0) write_all(channel, "\377\377\377\377garbage", 11);
  if (strncmp(what, "block ", 6) == 0) block(what + 6);
  if (strncmp(what, "echo ", 5) == 0) snprintf(result, sizeof result, "%s", what + 5);
  if (strcmp(what, "pid") == 0) snprintf(result, sizeof result, "%ld", (long)getpid());
  if (strcmp(what, "fields") == 0) snprintf(result, sizeof result, "%s", fields);
  if (strcmp(what, "fds") == 0) open_descriptors(result, sizeof result);
  send_outcome(run, SUCCEEDED, "", result);
}

static void work(frame* run, uint64_t turn) {
  char fields[2048];
  const int64_t scheduled = (int64_t)number(&run->at, 8);
  const int64_t fence = (int64_t)number(&run->at, 8);
  const unsigned attempt = (unsigned)number(&run->at, 4);
  char* texts[7]; /* run id, job id, name, task, store, encoding, payload */
  for (int i = 0; i < 7; ++i) texts[i] = text(run);
  snprintf(fields, sizeof fields, "%lld\n%lld\n%u\n%s\n%s\n%s\n%s\n%s\n%s", (long long)scheduled,
           (long long)fence, attempt, texts[0], texts[1], texts[2], texts[3], texts[4], texts[5]);
  perform(turn, texts[6], fields);
  for (int i = 0; i < 7; ++i) free(texts[i]);
}

/* Takes a turn, and finds the run that it is for: those before it were taken back. */
int main(void) {
  const char* descriptors = getenv("DUETIME_WORKER");
  if (descriptors == NULL || sscanf(descriptors, "%d,%d", &channel, &turns) != 2) return 2;
  greet();
  for (;;) {
    uint64_t turn;
    read_all(turns, &turn, sizeof turn);
    if (turn == 0) return 0;
    uint64_t numbered;
    do {
      frame run = read_frame();
      numbered = number(&run.at, 8);
      if (numbered == turn) work(&run, turn);
      free(run.memory);
    } while (numbered != turn);
  }
}
