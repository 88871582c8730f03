// SPDX-License-Identifier: MIT
//
// Error numbers in words. Chapter 02.
#include "error.h"

#include <stddef.h>

static const char *const texts[] = {
    [0] = "no error",
    [EPERM] = "not permitted",
    [ENOENT] = "no such file or directory",
    [ESRCH] = "no such thread",
    [EINTR] = "interrupted",
    [EIO] = "the device failed",
    [ENXIO] = "no such device or address",
    [E2BIG] = "argument list too long",
    [ENOEXEC] = "not a program",
    [EBADF] = "not an open file",
    [ECHILD] = "nothing to wait for",
    [EAGAIN] = "not now, try again",
    [ENOMEM] = "out of memory",
    [EACCES] = "access denied",
    [EFAULT] = "bad address",
    [EBUSY] = "busy",
    [EEXIST] = "exists already",
    [EXDEV] = "on another file system",
    [ENODEV] = "no such device",
    [ENOTDIR] = "not a directory",
    [EISDIR] = "is a directory",
    [EINVAL] = "invalid argument",
    [EMFILE] = "too many open files",
    [EFBIG] = "file too large",
    [ENOSPC] = "no space left on the device",
    [ESPIPE] = "has no positions",
    [EROFS] = "read-only file system",
    [EMLINK] = "too many links",
    [EPIPE] = "nobody reads from the pipe",
    [ERANGE] = "number out of range",
    [EDEADLK] = "would wait for itself",
    [ENAMETOOLONG] = "name too long",
    [ENOSYS] = "not available here",
    [ENOTEMPTY] = "directory not empty",
    [ELOOP] = "too many symbolic links",
    [EPROTO] = "the other side broke the protocol",
    [EOVERFLOW] = "too large for its type",
    [ENOTSOCK] = "not a socket",
    [EDESTADDRREQ] = "no address to send it to",
    [EMSGSIZE] = "message too long",
    [ENOPROTOOPT] = "no such option",
    [EPROTONOSUPPORT] = "no such protocol",
    [EOPNOTSUPP] = "not possible with this kind of socket",
    [EAFNOSUPPORT] = "no such family of addresses",
    [EADDRINUSE] = "address already in use",
    [EADDRNOTAVAIL] = "not an address of this machine",
    [ENETDOWN] = "the link is down",
    [ENETUNREACH] = "no route to that network",
    [ECONNABORTED] = "connection given up",
    [ECONNRESET] = "connection reset by the other side",
    [ENOBUFS] = "no room for it now",
    [EISCONN] = "connected already",
    [ENOTCONN] = "not connected",
    [ETIMEDOUT] = "timed out",
    [ECONNREFUSED] = "connection refused",
    [EHOSTUNREACH] = "no way to that host",
    [EALREADY] = "under way already",
    [EINPROGRESS] = "under way now",
};

const char *error_text(int error)
{
    // Negated as unsigned, since the smallest int has no positive counterpart.
    unsigned number = error < 0 ? -(unsigned)error : (unsigned)error;
    if (number >= sizeof texts / sizeof texts[0] || !texts[number])
        return "unknown error";
    return texts[number];
}
