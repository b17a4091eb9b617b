// Stands in for a system whose random bytes are always the same.
// What is asked for with flags, by the runtime, is answered as ever.

#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

ssize_t getrandom(void *bytes, size_t count, unsigned flags) {
    if (flags != 0) {
        return syscall(SYS_getrandom, bytes, count, flags);
    }
    memset(bytes, 7, count);
    return (ssize_t)count;
}
