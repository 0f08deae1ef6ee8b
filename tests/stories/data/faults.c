/* A disk that fails and a clock that jumps, as a test says. Loaded into the server with LD_PRELOAD.
 *
 * What concerns files below FAULTS_ROOT is counted, and refused or written down (FAULTS_TRACE) as the numbers in the
 * file FAULTS_CONTROL say, which the test may change at any time. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The numbers in the control file; tests/stories/data/faults.rs has the same. */
struct control {
    int64_t room;         /* bytes that files may still grow by; below 0: any */
    int64_t sync_fails;   /* fsync and fdatasync return EIO */
    int64_t clock_s;      /* how wrong the wall clock is, in seconds */
    int64_t die_at;       /* SIGKILL before this operation; 0: never */
    int64_t operations;   /* how many there were */
    int64_t sync_us;      /* how much longer a sync takes, in microseconds */
    int64_t records;      /* in the trace, whichever process wrote them */
    int64_t sync_held;    /* fsync and fdatasync do not return as long as this is set */
};

static struct control idle = {.room = -1};
static struct control *control = &idle;
static const char *root;
static size_t root_length;
static int trace = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What is known of a file descriptor. */
#define FILES 4096
static struct file {
    char tracked;
    char is_folder;
    uint64_t inode;
    char name[128];
} files[FILES];

__attribute__((constructor)) static void begin(void) {
    root = getenv("FAULTS_ROOT");
    root_length = root ? strlen(root) : 0;
    const char *path = getenv("FAULTS_CONTROL");
    if (path) {
        int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
        void *map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (map == MAP_FAILED) abort();
        control = map;
        syscall(SYS_close, file);
    }
    path = getenv("FAULTS_TRACE");
    if (path) trace = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/* The path below the root, or nothing. Locks and shared memory are of no interest: no start relies on them. */
static const char *inside(const char *path) {
    if (!root || !path || strncmp(path, root, root_length) != 0) return NULL;
    const char *name = path + root_length;
    if (*name == 0) return ".";
    if (*name != '/') return NULL;
    name++;
    size_t length = strlen(name);
    if (strcmp(name, "lock") == 0 || (length > 4 && strcmp(name + length - 4, "-shm") == 0)) return NULL;
    return name;
}

static struct file *of(int number) {
    return number >= 0 && number < FILES && files[number].tracked ? &files[number] : NULL;
}

/* Before each operation. */
static void count(void) {
    int64_t number = __atomic_add_fetch(&control->operations, 1, __ATOMIC_SEQ_CST);
    if (control->die_at && number >= control->die_at) kill(getpid(), SIGKILL);
}

enum kind { CREATE = 1, WRITE, TRUNCATE, SYNC, SYNC_FOLDER, RENAME, UNLINK, LINK, FOLDER };

/* kind, inode, offset (of a sync: how many records there were when it began), length of the bytes, the bytes. */
static void record(enum kind kind, uint64_t inode, uint64_t offset, const void *bytes, uint64_t length) {
    control->records++;
    if (trace < 0) return;
    uint64_t head[4] = {kind, inode, offset, length};
    struct iovec parts[2] = {{head, sizeof head}, {(void *)bytes, length}};
    if (syscall(SYS_writev, trace, parts, 2) != (long)(sizeof head + length)) abort();
}

static void record_names(enum kind kind, const char *from, const char *to) {
    char both[512];
    size_t first = strlen(from) + 1, second = to ? strlen(to) + 1 : 0;
    if (first + second > sizeof both) abort();
    memcpy(both, from, first);
    if (to) memcpy(both + first, to, second);
    record(kind, 0, 0, both, first + second);
}

static int opened(int number, const char *path, int existed) {
    const char *name = inside(path);
    struct stat about;
    if (number < 0 || number >= FILES || !name || fstat(number, &about) != 0) return number;
    struct file *file = &files[number];
    file->tracked = 1;
    file->is_folder = S_ISDIR(about.st_mode);
    file->inode = about.st_ino;
    strncpy(file->name, name, sizeof file->name - 1);
    if (!existed) record(CREATE, about.st_ino, 0, name, strlen(name) + 1);
    return number;
}

static int open_one(const char *path, int flags, mode_t mode) {
    if (!inside(path)) return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    struct stat about;
    if (flags & O_CREAT) count();
    pthread_mutex_lock(&lock);
    int existed = !(flags & O_CREAT) || stat(path, &about) == 0;
    long number = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    int emptied = number >= 0 && (flags & O_TRUNC) && existed;
    if (emptied && stat(path, &about) == 0) record(TRUNCATE, about.st_ino, 0, "", 0);
    number = opened((int)number, path, existed);
    pthread_mutex_unlock(&lock);
    return (int)number;
}

#define MODE \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *path, int flags, ...) { MODE return open_one(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return open_one(path, flags | O_LARGEFILE, mode); }
int openat(int folder, const char *path, int flags, ...) {
    MODE
    if (folder == AT_FDCWD || path[0] == '/') return open_one(path, flags, mode);
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
    MODE
    if (folder == AT_FDCWD || path[0] == '/') return open_one(path, flags, mode);
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

int close(int number) {
    struct file *file = of(number);
    if (file) file->tracked = 0;
    return (int)syscall(SYS_close, number);
}

/* Takes room for a file that is to reach `end`; how much it grows, or -1 if there is none. */
static int64_t take_room(int number, uint64_t end) {
    struct stat about;
    if (control->room < 0 || fstat(number, &about) != 0 || end <= (uint64_t)about.st_size) return 0;
    int64_t more = (int64_t)(end - (uint64_t)about.st_size);
    if (more > control->room) return -1;
    control->room -= more;
    return more;
}

static void give_room(int64_t bytes) {
    if (control->room >= 0) control->room += bytes;
}

static ssize_t write_at(int number, const void *bytes, size_t length, off_t offset, int moves) {
    struct file *file = of(number);
    if (file) count();
    pthread_mutex_lock(&lock);
    if (moves) offset = lseek(number, 0, SEEK_CUR);
    if (file && take_room(number, (uint64_t)offset + length) < 0) {
        pthread_mutex_unlock(&lock);
        errno = ENOSPC;
        return -1;
    }
    ssize_t done;
    if (moves) done = syscall(SYS_write, number, bytes, length);
    else done = syscall(SYS_pwrite64, number, bytes, length, offset);
    if (file && done > 0) record(WRITE, file->inode, (uint64_t)offset, bytes, (uint64_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int number, const void *bytes, size_t length) {
    if (!of(number)) return syscall(SYS_write, number, bytes, length);
    return write_at(number, bytes, length, 0, 1);
}
ssize_t pwrite(int number, const void *bytes, size_t length, off_t offset) {
    return write_at(number, bytes, length, offset, 0);
}
ssize_t pwrite64(int number, const void *bytes, size_t length, off64_t offset) {
    return write_at(number, bytes, length, offset, 0);
}

/* Copies are made by hand, so that they are seen. */
ssize_t copy_file_range(int from, off64_t *start, int to, off64_t *place, size_t length, unsigned flags) {
    if (of(to)) { errno = ENOSYS; return -1; }
    return syscall(SYS_copy_file_range, from, start, to, place, length, flags);
}
ssize_t sendfile(int to, int from, off_t *start, size_t length) {
    if (of(to)) { errno = EINVAL; return -1; }
    return syscall(SYS_sendfile, to, from, start, length);
}
ssize_t sendfile64(int to, int from, off64_t *start, size_t length) { return sendfile(to, from, start, length); }

static int cut(int number, off_t length) {
    struct file *file = of(number);
    struct stat about;
    if (!file) return (int)syscall(SYS_ftruncate, number, length);
    count();
    pthread_mutex_lock(&lock);
    int64_t before = fstat(number, &about) == 0 ? about.st_size : 0;
    int done = (int)syscall(SYS_ftruncate, number, length);
    if (done == 0) {
        if (length < before) give_room(before - length);
        record(TRUNCATE, file->inode, (uint64_t)length, "", 0);
    }
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate(int number, off_t length) { return cut(number, length); }
int ftruncate64(int number, off64_t length) { return cut(number, length); }

static int flush(int number, long call) {
    struct file *file = of(number);
    if (!file) return (int)syscall(call, number);
    count();
    if (control->sync_fails) { errno = EIO; return -1; }
    pthread_mutex_lock(&lock);
    uint64_t begun = (uint64_t)control->records;
    pthread_mutex_unlock(&lock);
    while (__atomic_load_n(&control->sync_held, __ATOMIC_SEQ_CST)) {
        struct timespec delay = {0, 1000 * 1000};
        nanosleep(&delay, NULL);
    }
    if (control->sync_us) {
        struct timespec delay = {0, control->sync_us * 1000};
        nanosleep(&delay, NULL);
    }
    int done = (int)syscall(call, number);
    pthread_mutex_lock(&lock);
    if (done == 0) {
        if (file->is_folder) record(SYNC_FOLDER, file->inode, begun, file->name, strlen(file->name) + 1);
        else record(SYNC, file->inode, begun, "", 0);
    }
    pthread_mutex_unlock(&lock);
    return done;
}
int fsync(int number) { return flush(number, SYS_fsync); }
int fdatasync(int number) { return flush(number, SYS_fdatasync); }

int rename(const char *from, const char *to) {
    if (!inside(from) || !inside(to)) return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    count();
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (done == 0) record_names(RENAME, inside(from), inside(to));
    pthread_mutex_unlock(&lock);
    return done;
}

int unlink(const char *path) {
    if (!inside(path)) return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    struct stat about;
    count();
    pthread_mutex_lock(&lock);
    int64_t size = stat(path, &about) == 0 && about.st_nlink == 1 ? about.st_size : 0;
    int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (done == 0) {
        give_room(size);
        record_names(UNLINK, inside(path), NULL);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int unlinkat(int folder, const char *path, int flags) {
    if (root) count();
    return (int)syscall(SYS_unlinkat, folder, path, flags);
}

int linkat(int old, const char *from, int new, const char *to, int flags) {
    if (!inside(to)) return (int)syscall(SYS_linkat, old, from, new, to, flags);
    count();
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_linkat, old, from, new, to, flags);
    if (done == 0 && inside(from)) record_names(LINK, inside(from), inside(to));
    pthread_mutex_unlock(&lock);
    return done;
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int mkdir(const char *path, mode_t mode) {
    if (!inside(path)) return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    count();
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    if (done == 0) record_names(FOLDER, inside(path), NULL);
    pthread_mutex_unlock(&lock);
    return done;
}

int rmdir(const char *path) {
    if (inside(path)) count();
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

/* The wall clock; what measures time is left alone. */
int clock_gettime(clockid_t clock, struct timespec *time) {
    int done = (int)syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) time->tv_sec += control->clock_s;
    return done;
}
int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    int done = (int)syscall(SYS_gettimeofday, time, zone);
    time->tv_sec += control->clock_s;
    return done;
}
time_t time(time_t *where) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (where) *where = now.tv_sec;
    return now.tv_sec;
}
