/* A disk whose flushes take 10 ms more, as an SD card's do. Loaded into the server with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static int slowly(const char *name, int file) {
    int (*flush)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    struct timespec delay = {0, 10 * 1000 * 1000};
    nanosleep(&delay, 0);
    return flush(file);
}

int fsync(int file) { return slowly("fsync", file); }
int fdatasync(int file) { return slowly("fdatasync", file); }
