/* Counts what a process takes from the heap. Loaded into the server with LD_PRELOAD; the count is the first 8 bytes of
 * the file ALLOCATIONS_COUNT, which the test may read at any time. Of glibc, whose own names for the same are used. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static uint64_t before;
static uint64_t *count = &before;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("ALLOCATIONS_COUNT");
  int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) count = mapped;
}

static void one(void) { __atomic_fetch_add(count, 1, __ATOMIC_RELAXED); }

void *malloc(size_t size) {
  one();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  one();
  return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
  one();
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  one();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **made, size_t alignment, size_t size) {
  void *memory = memalign(alignment, size);
  if (!memory) return ENOMEM;
  *made = memory;
  return 0;
}
