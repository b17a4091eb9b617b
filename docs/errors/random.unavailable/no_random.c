// Stands in for a system without a source of randomness.
// What is asked for with flags, by the runtime, is answered as ever.

#include <errno.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

ssize_t getrandom(void *bytes, size_t count, unsigned flags) {
    if (flags != 0) {
        return syscall(SYS_getrandom, bytes, count, flags);
    }
    errno = EIO;
    return -1;
}
