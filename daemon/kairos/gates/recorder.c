/* Preloaded by `kairos gate inbox-crash`: writes down every write, truncation and sync of the files
 * under KAIROS_RECORD_DIR, so that the gate can build any disk a power cut could have left.
 *
 * Record: u8 kind ('w' write, 't' truncate, 's' sync, 'u' unlink), u64 monotonic ns, u64 offset,
 * u32 path length, u32 data length, path, data. Appended with one write(2) under a lock.
 * sqlite writes with pwrite64; its shared-memory file is mapped, rebuilt on recovery, not recorded.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int log_fd = -1;
static const char *root;
static size_t root_length;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void __attribute__((constructor)) begin(void) {
  root = getenv("KAIROS_RECORD_DIR");
  const char *log = getenv("KAIROS_RECORD_LOG");
  if (root && log) {
    root_length = strlen(root);
    log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  }
}

static int watched(int fd, char *path, size_t size) {
  char link[64];
  if (log_fd < 0 || fd == log_fd) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, size - 1);
  if (n <= 0) return 0;
  path[n] = 0;
  if (strncmp(path, root, root_length) != 0) return 0;
  size_t length = strlen(path);
  return !(length > 4 && strcmp(path + length - 4, "-shm") == 0);
}

static void note(char kind, const char *path, uint64_t offset, const void *data, uint32_t count) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  uint64_t ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  uint32_t path_length = (uint32_t)strlen(path);
  size_t total = 25 + path_length + count;
  char *record = malloc(total);
  if (!record) return;
  record[0] = kind;
  memcpy(record + 1, &ns, 8);
  memcpy(record + 9, &offset, 8);
  memcpy(record + 17, &path_length, 4);
  memcpy(record + 21, &count, 4);
  memcpy(record + 25, path, path_length);
  if (count) memcpy(record + 25 + path_length, data, count);
  pthread_mutex_lock(&lock);
  syscall(SYS_write, log_fd, record, total);
  pthread_mutex_unlock(&lock);
  free(record);
}

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t offset) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  char path[512];
  ssize_t done = real(fd, data, count, offset);
  if (done > 0 && watched(fd, path, sizeof path)) note('w', path, (uint64_t)offset, data, (uint32_t)done);
  return done;
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t offset) { return pwrite64(fd, data, count, offset); }

ssize_t write(int fd, const void *data, size_t count) {
  REAL(ssize_t, "write", int, const void *, size_t);
  char path[512];
  int ours = watched(fd, path, sizeof path);
  ssize_t done = real(fd, data, count);
  if (done > 0 && ours) note('w', path, (uint64_t)(lseek(fd, 0, SEEK_CUR) - done), data, (uint32_t)done);
  return done;
}

int ftruncate64(int fd, off64_t length) {
  REAL(int, "ftruncate64", int, off64_t);
  char path[512];
  int done = real(fd, length);
  if (done == 0 && watched(fd, path, sizeof path)) note('t', path, (uint64_t)length, 0, 0);
  return done;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

static int sync_with(const char *name, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  char path[512];
  int done = real(fd);
  if (done == 0 && watched(fd, path, sizeof path)) note('s', path, 0, 0, 0);
  return done;
}

int fsync(int fd) { return sync_with("fsync", fd); }
int fdatasync(int fd) { return sync_with("fdatasync", fd); }

int unlink(const char *path) {
  REAL(int, "unlink", const char *);
  int done = real(path);
  if (done == 0 && log_fd >= 0 && strncmp(path, root, root_length) == 0) note('u', path, 0, 0, 0);
  return done;
}
