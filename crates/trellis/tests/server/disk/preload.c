//! A disk that obeys a test: preloaded into a server, it stands between it and the system for the files of the log. It
//! knows nothing of what they hold.
//!
//! For each operation, the folder in DISK_ORDERS may hold a file of that name ("read", "write" or "sync", or "make", which
//! is to write to a snapshot or the log's next file while it is made) with what is to become of the operations that begin from then on:
//!
//!     fail 5         fail with that errno; a write gets half of its bytes to the disk before that
//!     hold           say so on standard error, and go on when the order is taken back or changed
//!     hold main      the same, but only for the process's first thread
//!     hold fail 5    the one after the other
//!
//! What becomes of an operation is settled when it begins, so what it was held for fails only if that was the order then.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, ORDER_BYTES = 64, LOOK_AGAIN_MS = 1 };

/// What is ordered for an operation; nothing if there is no such file.
static void read_order(const char *operation, char order[ORDER_BYTES]) {
    const char *orders = getenv("DISK_ORDERS");
    char path[PATH_BYTES];
    order[0] = '\0';
    if (orders == NULL || snprintf(path, sizeof path, "%s/%s", orders, operation) >= (int)sizeof path) {
        return;
    }
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return;
    }
    ssize_t count = read(file, order, ORDER_BYTES - 1);
    order[count > 0 ? count : 0] = '\0';
    close(file);
}

/// Whether its path has that beginning of a name in it, and the path.
static int is_named(const char *name, int file, char path[PATH_BYTES]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_BYTES - 1);
    path[length > 0 ? length : 0] = '\0';
    return strstr(path, name) != NULL;
}

/// Holds the operation, on a file of that name, if that is the order. Returns the errno with which it is to fail, or zero.
static int obey_for(const char *name, const char *operation, int file) {
    char path[PATH_BYTES], order[ORDER_BYTES], now[ORDER_BYTES];
    int saved = errno;
    read_order(operation, order);
    if (order[0] == '\0' || !is_named(name, file, path)) {
        errno = saved;
        return 0;
    }
    int meant = strstr(order, "main") == NULL || syscall(SYS_gettid) == getpid();
    if (strstr(order, "hold") != NULL && meant) {
        dprintf(STDERR_FILENO, "the disk holds a %s of %s\n", operation, path);
        do {
            poll(NULL, 0, LOOK_AGAIN_MS);
            read_order(operation, now);
        } while (strcmp(order, now) == 0);
    }
    const char *fail = strstr(order, "fail ");
    errno = saved;
    return fail != NULL ? atoi(fail + strlen("fail ")) : 0;
}

/// The same for a file of the log.
static int obey(const char *operation, int file) {
    return obey_for("/segment-", operation, file);
}

ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) {
    int error = obey("read", file);
    if (error != 0) {
        errno = error;
        return -1;
    }
    return syscall(SYS_pread64, file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    int error = obey("write", file);
    if (error == 0) {
        error = obey_for("/spare.", "make", file);
    }
    if (error == 0) {
        error = obey_for("/snapshot-", "make", file);
    }
    if (error != 0) {
        syscall(SYS_pwrite64, file, bytes, count / 2, offset);
        errno = error;
        return -1;
    }
    return syscall(SYS_pwrite64, file, bytes, count, offset);
}

int fdatasync(int file) {
    int error = obey("sync", file);
    if (error != 0) {
        errno = error;
        return -1;
    }
    return syscall(SYS_fdatasync, file);
}
