// Fails one I/O of the program that it is loaded into (LD_PRELOAD): the Nth call of one class, on
// files below a directory and on TCP connections. What DuckDB, SQLite and libcurl do is counted and
// failed like what Leat does itself: all of them go through the C library.
//
//   FAULTS_UNDER    absolute directory: files below it are watched
//   FAULTS_REPORT   file that is appended to: "failed CLASS PATH" when a call was failed, and
//                   "count CLASS NUMBER" for each class when the program ends
//   FAULTS_CLASS    open write read sync truncate rename unlink connect send receive
//   FAULTS_AT       which call of the class, from 1; 0 or absent: count only
//   FAULTS_HOW      fail   the call does nothing and returns FAULTS_ERRNO
//                   short  half of the bytes are moved, and the next call of the class on this
//                          file or connection returns FAULTS_ERRNO
//                   lost   of sync: it returns FAULTS_ERRNO, and all that was written to the file
//                          since its last sync is undone, as on Linux when the page cache gives up
//   FAULTS_ERRNO    a number of errno.h
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum Class {
  kOpen,
  kWrite,
  kRead,
  kSync,
  kTruncate,
  kRename,
  kUnlink,
  kConnect,
  kSend,
  kReceive,
  kClasses
};
static const char* const kNames[kClasses] = {"open",   "write",  "read",    "sync", "truncate",
                                             "rename", "unlink", "connect", "send", "receive"};
enum How { kFail, kShort, kLost };

// A change of a file that is not synced yet: what was there before.
struct Change {
  struct Change* earlier;
  off_t file_size;
  off_t at;
  size_t size;
  char bytes[];
};

// A watched file or connection. Never freed: a run is short.
struct Target {
  struct Target* next;
  dev_t device;
  ino_t inode;
  int is_socket;
  enum Class refused;  // the next call of this class fails: the rest of a short one
  int refuses;
  struct Change* unsynced;
};

enum { kDescriptors = 4096 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct Target* by_descriptor[kDescriptors];
static struct Target* targets;
static long counts[kClasses];
static char under[PATH_MAX];
static size_t under_size;
static char report_path[PATH_MAX];
static int wanted = -1;
static long wanted_at;
static enum How how;
static int error_number;

static int real_open(const char* path, int flags, mode_t mode) {
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static void report(const char* line) {
  const int file = real_open(report_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return;
  if (syscall(SYS_write, file, line, strlen(line)) < 0) abort();
  syscall(SYS_close, file);
}

__attribute__((constructor)) static void start(void) {
  const char* text = getenv("FAULTS_UNDER");
  if (text != NULL) under_size = strlen(strncpy(under, text, sizeof under - 1));
  text = getenv("FAULTS_REPORT");
  if (text != NULL) strncpy(report_path, text, sizeof report_path - 1);
  text = getenv("FAULTS_CLASS");
  for (int i = 0; text != NULL && i < kClasses; ++i) {
    if (strcmp(text, kNames[i]) == 0) wanted = i;
  }
  text = getenv("FAULTS_AT");
  wanted_at = text == NULL ? 0 : atol(text);
  text = getenv("FAULTS_ERRNO");
  error_number = text == NULL ? EIO : atoi(text);
  text = getenv("FAULTS_HOW");
  how = text == NULL                 ? kFail
        : strcmp(text, "short") == 0 ? kShort
        : strcmp(text, "lost") == 0  ? kLost
                                     : kFail;
}

__attribute__((destructor)) static void finish(void) {
  char line[64];
  for (int i = 0; i < kClasses; ++i) {
    snprintf(line, sizeof line, "count %s %ld\n", kNames[i], counts[i]);
    report(line);
  }
}

static int is_watched(const char* path) {
  return under_size > 0 && path != NULL && strncmp(path, under, under_size) == 0 &&
         (path[under_size] == '/' || path[under_size] == '\0');
}

static struct Target* target_of(int descriptor) {
  return descriptor >= 0 && descriptor < kDescriptors ? by_descriptor[descriptor] : NULL;
}

// REQUIRES: the mutex.
static int is_chosen(enum Class class, const char* name) {
  if (++counts[class] != wanted_at || (int)class != wanted) return 0;
  char line[PATH_MAX + 32];
  snprintf(line, sizeof line, "failed %s %s\n", kNames[class], name);
  report(line);
  return 1;
}

static int path_chosen(enum Class class, const char* path) {
  if (!is_watched(path)) return 0;
  pthread_mutex_lock(&mutex);
  const int chosen = is_chosen(class, path);
  pthread_mutex_unlock(&mutex);
  if (chosen) errno = error_number;
  return chosen;
}

// What becomes of a call that moves `size` bytes: all of it (0), only half (1), or nothing (2, and
// errno says why).
static int fate(enum Class class, struct Target* target, int descriptor, size_t size) {
  char link[32];
  char name[PATH_MAX] = "the connection";
  if (!target->is_socket) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t length = readlink(link, name, sizeof name - 1);
    name[length < 0 ? 0 : length] = '\0';
  }
  pthread_mutex_lock(&mutex);
  int result = 0;
  if (target->refuses && target->refused == class) {
    target->refuses = 0;
    result = 2;
  } else if (is_chosen(class, name)) {
    result = 2;
    if (how == kShort && size > 1) {
      target->refuses = 1;
      target->refused = class;
      result = 1;
    }
  }
  pthread_mutex_unlock(&mutex);
  if (result == 2) errno = error_number;
  return result;
}

// -- what was not synced

static int open_again(int descriptor) {
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  return real_open(link, O_RDWR | O_CLOEXEC, 0);
}

// Remembers the bytes that a change of [at, at + size) or of the size is about to replace.
static void remember(struct Target* target, int descriptor, off_t at, size_t size) {
  if (how != kLost) return;
  struct stat status;
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return;
  const off_t end = at + (off_t)size < status.st_size ? at + (off_t)size : status.st_size;
  const size_t kept = end > at ? (size_t)(end - at) : 0;
  struct Change* change = malloc(sizeof *change + kept);
  const int file = open_again(descriptor);
  if (change == NULL || file < 0) abort();
  if (syscall(SYS_pread64, file, change->bytes, kept, at) != (long)kept) abort();
  syscall(SYS_close, file);
  change->file_size = status.st_size;
  change->at = at;
  change->size = kept;
  pthread_mutex_lock(&mutex);
  change->earlier = target->unsynced;
  target->unsynced = change;
  pthread_mutex_unlock(&mutex);
}

// After a sync, or in place of one.
static void forget(struct Target* target, int descriptor, int undo) {
  pthread_mutex_lock(&mutex);
  const int file = undo && target->unsynced != NULL ? open_again(descriptor) : -1;
  for (struct Change* change = target->unsynced; change != NULL;) {
    struct Change* const earlier = change->earlier;
    if (file >= 0) {
      if (syscall(SYS_pwrite64, file, change->bytes, change->size, change->at) < 0) abort();
      if (syscall(SYS_ftruncate, file, change->file_size) != 0) abort();
    }
    free(change);
    change = earlier;
  }
  target->unsynced = NULL;
  if (file >= 0) syscall(SYS_close, file);
  pthread_mutex_unlock(&mutex);
}

// -- descriptors

static void watch(int descriptor, int is_socket) {
  struct stat status;
  if (descriptor < 0 || descriptor >= kDescriptors || fstat(descriptor, &status) != 0) return;
  pthread_mutex_lock(&mutex);
  struct Target* target = targets;
  while (target != NULL &&
         (target->is_socket || target->device != status.st_dev || target->inode != status.st_ino)) {
    target = target->next;
  }
  if (target == NULL || is_socket) {
    target = calloc(1, sizeof *target);
    if (target == NULL) abort();
    target->device = status.st_dev;
    target->inode = status.st_ino;
    target->is_socket = is_socket;
    target->next = targets;
    targets = target;
  }
  by_descriptor[descriptor] = target;
  pthread_mutex_unlock(&mutex);
}

int close(int descriptor) {
  if (descriptor >= 0 && descriptor < kDescriptors) by_descriptor[descriptor] = NULL;
  return (int)syscall(SYS_close, descriptor);
}

static int open_watched(int directory, const char* path, int flags, mode_t mode) {
  if (path_chosen(kOpen, path)) return -1;
  const int descriptor = (int)syscall(SYS_openat, directory, path, flags, mode);
  if (descriptor >= 0 && is_watched(path)) watch(descriptor, 0);
  return descriptor;
}

#define OPENED(directory)                     \
  mode_t mode = 0;                            \
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) { \
    va_list more;                             \
    va_start(more, flags);                    \
    mode = va_arg(more, mode_t);              \
    va_end(more);                             \
  }                                           \
  return open_watched(directory, path, flags, mode)

int open(const char* path, int flags, ...) { OPENED(AT_FDCWD); }
int open64(const char* path, int flags, ...) { OPENED(AT_FDCWD); }
int openat(int directory, const char* path, int flags, ...) { OPENED(directory); }
int openat64(int directory, const char* path, int flags, ...) { OPENED(directory); }
int creat(const char* path, mode_t mode) {
  return open_watched(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int mkdir(const char* path, mode_t mode) {
  if (path_chosen(kOpen, path)) return -1;
  return (int)syscall(SYS_mkdir, path, mode);
}

DIR* opendir(const char* path) {
  if (path_chosen(kOpen, path)) return NULL;
  const int descriptor = real_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  return descriptor < 0 ? NULL : fdopendir(descriptor);
}

int rename(const char* from, const char* to) {
  if (path_chosen(kRename, from)) return -1;
  return (int)syscall(SYS_rename, from, to);
}

int unlink(const char* path) {
  if (path_chosen(kUnlink, path)) return -1;
  return (int)syscall(SYS_unlink, path);
}

int remove(const char* path) {
  if (path_chosen(kUnlink, path)) return -1;
  const int result = (int)syscall(SYS_unlink, path);
  return result != 0 && errno == EISDIR ? (int)syscall(SYS_rmdir, path) : result;
}

// -- bytes

#define MOVED(class, size, whole, half)                \
  struct Target* const target = target_of(descriptor); \
  if (target == NULL) return whole;                    \
  switch (fate(class, target, descriptor, size)) {     \
    case 0:                                            \
      return whole;                                    \
    case 1:                                            \
      return half;                                     \
    default:                                           \
      return -1;                                       \
  }

// A receive is counted when something came: how often a program asks in vain depends on the time.
static ssize_t received(int descriptor, void* bytes, size_t size, int flags) {
  struct Target* const target = target_of(descriptor);
  if (target != NULL && target->refuses && target->refused == kReceive) {
    return fate(kReceive, target, descriptor, size) == 2 ? -1 : 0;
  }
  const ssize_t got = syscall(SYS_recvfrom, descriptor, bytes, size, flags, NULL, NULL);
  if (target == NULL || got < 0) return got;
  switch (fate(kReceive, target, descriptor, (size_t)got)) {
    case 0:
      return got;
    case 1:
      return got / 2;
    default:
      return -1;
  }
}

static ssize_t move_out(int descriptor, const void* bytes, size_t size, off_t at) {
  return at >= 0 ? syscall(SYS_pwrite64, descriptor, bytes, size, at)
                 : syscall(SYS_write, descriptor, bytes, size);
}

static ssize_t written(int descriptor, const void* bytes, size_t size, off_t at) {
  struct Target* const target = target_of(descriptor);
  if (target == NULL) return move_out(descriptor, bytes, size, at);
  if (!target->is_socket) {
    remember(target, descriptor, at >= 0 ? at : lseek(descriptor, 0, SEEK_CUR), size);
  }
  switch (fate(target->is_socket ? kSend : kWrite, target, descriptor, size)) {
    case 0:
      return move_out(descriptor, bytes, size, at);
    case 1:
      return move_out(descriptor, bytes, size / 2, at);
    default:
      return -1;
  }
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  return written(descriptor, bytes, size, -1);
}
ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t at) {
  return written(descriptor, bytes, size, at);
}
ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t at) {
  return written(descriptor, bytes, size, at);
}

ssize_t read(int descriptor, void* bytes, size_t size) {
  const struct Target* const found = target_of(descriptor);
  if (found != NULL && found->is_socket) return received(descriptor, bytes, size, 0);
  MOVED(kRead, size, syscall(SYS_read, descriptor, bytes, size),
        syscall(SYS_read, descriptor, bytes, size / 2))
}
ssize_t pread(int descriptor, void* bytes, size_t size,
              off_t at){MOVED(kRead, size, syscall(SYS_pread64, descriptor, bytes, size, at),
                              syscall(SYS_pread64, descriptor, bytes, size / 2, at))} ssize_t
    pread64(int descriptor, void* bytes, size_t size, off64_t at) {
  return pread(descriptor, bytes, size, at);
}

// -- syncs and sizes

static int synced(int descriptor, long call) {
  struct Target* const target = target_of(descriptor);
  if (target == NULL) return (int)syscall(call, descriptor);
  if (fate(kSync, target, descriptor, 0) == 2) {
    forget(target, descriptor, how == kLost);
    errno = error_number;
    return -1;
  }
  const int result = (int)syscall(call, descriptor);
  if (result == 0) forget(target, descriptor, 0);
  return result;
}
int fsync(int descriptor) { return synced(descriptor, SYS_fsync); }
int fdatasync(int descriptor) { return synced(descriptor, SYS_fdatasync); }

int ftruncate(int descriptor, off_t size) {
  struct Target* const target = target_of(descriptor);
  if (target != NULL) {
    if (fate(kTruncate, target, descriptor, 0) == 2) return -1;
    struct stat status;
    const off_t end = fstat(descriptor, &status) == 0 ? status.st_size : 0;
    remember(target, descriptor, size, end > size ? (size_t)(end - size) : 0);
  }
  return (int)syscall(SYS_ftruncate, descriptor, size);
}
int ftruncate64(int descriptor, off64_t size) { return ftruncate(descriptor, size); }

int fallocate(int descriptor, int mode, off_t at, off_t size) {
  struct Target* const target = target_of(descriptor);
  if (target != NULL) {
    if (fate(kTruncate, target, descriptor, 0) == 2) return -1;
    remember(target, descriptor, at, (size_t)size);
  }
  return (int)syscall(SYS_fallocate, descriptor, mode, at, size);
}
int fallocate64(int descriptor, int mode, off64_t at, off64_t size) {
  return fallocate(descriptor, mode, at, size);
}
int posix_fallocate(int descriptor, off_t at, off_t size) {
  const int before = errno;
  const int error = fallocate(descriptor, 0, at, size) == 0 ? 0 : errno;
  errno = before;
  return error;
}
int posix_fallocate64(int descriptor, off64_t at, off64_t size) {
  return posix_fallocate(descriptor, at, size);
}

// -- connections

int connect(int descriptor, const struct sockaddr* address, socklen_t size) {
  if (address->sa_family == AF_INET || address->sa_family == AF_INET6) {
    pthread_mutex_lock(&mutex);
    const int chosen = is_chosen(kConnect, "the connection");
    pthread_mutex_unlock(&mutex);
    if (chosen) {
      errno = error_number;
      return -1;
    }
    watch(descriptor, 1);
  }
  return (int)syscall(SYS_connect, descriptor, address, size);
}

ssize_t send(int descriptor, const void* bytes, size_t size, int flags){
    MOVED(kSend, size, syscall(SYS_sendto, descriptor, bytes, size, flags, NULL, 0),
          syscall(SYS_sendto, descriptor, bytes, size / 2, flags, NULL, 0))}

ssize_t recv(int descriptor, void* bytes, size_t size, int flags) {
  return received(descriptor, bytes, size, flags);
}
