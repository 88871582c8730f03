// SPDX-License-Identifier: MIT
//
// The system that a tool runs on, in the C library's words. See outside.h.
#include "outside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NANOSECONDS = 1000000000, MODE_FILE = 0644, MODE_FOLDER = 0755 };

static int result_of(int result)
{
    return result < 0 ? -errno : result;
}

// ---- Files ------------------------------------------------------------------------------
static uint64_t time_of(struct timespec time)
{
    return time.tv_sec < 0 ? 0 : (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

static struct timespec to_time(uint64_t ns)
{
    return (struct timespec){(time_t)(ns / NANOSECONDS), (long)(ns % NANOSECONDS)};
}

static void describe(const struct stat *found, struct outside_status *status)
{
    *status = (struct outside_status){
        .type = S_ISREG(found->st_mode)   ? OUTSIDE_FILE
                : S_ISDIR(found->st_mode) ? OUTSIDE_FOLDER
                : S_ISLNK(found->st_mode) ? OUTSIDE_LINK
                                          : OUTSIDE_OTHER,
        .names = (uint32_t)found->st_nlink,
        .device = found->st_dev,
        .number = found->st_ino,
        .size = (uint64_t)found->st_size,
        .accessed_ns = time_of(found->st_atim),
        .modified_ns = time_of(found->st_mtim),
    };
}

int outside_status(const char *path, struct outside_status *status)
{
    struct stat found;
    if (lstat(path, &found) < 0)
        return -errno;
    describe(&found, status);
    return 0;
}

int outside_status_of(int file, struct outside_status *status)
{
    struct stat found;
    if (fstat(file, &found) < 0)
        return -errno;
    describe(&found, status);
    if (S_ISBLK(found.st_mode)) // a disk's size is where its end is
        status->size = (uint64_t)lseek(file, 0, SEEK_END);
    return 0;
}

int outside_open(const char *path, enum outside_mode mode)
{
    static const int flags[] = {O_RDONLY, O_RDWR, O_RDWR | O_CREAT | O_TRUNC};
    return result_of(open(path, flags[mode] | O_CLOEXEC, MODE_FILE));
}

void outside_close(int file)
{
    close(file);
}

int outside_read_at(int file, uint64_t offset, void *buffer, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t count = pread(file, (char *)buffer + done, size - done, (off_t)(offset + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count < 0 ? -errno : -EIO; // it ends before what it is said to be
        done += (size_t)count;
    }
    return 0;
}

int outside_write_at(int file, uint64_t offset, const void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t count =
            pwrite(file, (const char *)bytes + done, size - done, (off_t)(offset + done));
        if (count < 0 && errno != EINTR)
            return -errno;
        done += count > 0 ? (size_t)count : 0;
    }
    return 0;
}

int outside_write(int file, const void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t count = write(file, (const char *)bytes + done, size - done);
        if (count < 0 && errno != EINTR)
            return -errno;
        done += count > 0 ? (size_t)count : 0;
    }
    return 0;
}

int outside_set_size(int file, uint64_t size)
{
    return result_of(ftruncate(file, (off_t)size));
}

int outside_sync(int file)
{
    int error = result_of(fsync(file));
    return error == -EINVAL ? 0 : error; // a pipe has nothing to sync
}

int outside_next_data(int file, uint64_t offset, uint64_t *start, uint64_t *end)
{
    off_t data = lseek(file, (off_t)offset, SEEK_DATA);
    if (data < 0)
        return errno == ENXIO ? 0 : -errno;
    off_t hole = lseek(file, data, SEEK_HOLE);
    if (hole < 0)
        return -errno;
    *start = (uint64_t)data;
    *end = (uint64_t)hole;
    return 1;
}

// ---- Folders and names ------------------------------------------------------------------
static int is_listed(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

// By bytes, whatever the user's language.
static int compare(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int outside_list(const char *path, char ***names)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_listed, compare);
    if (count < 0)
        return -errno;
    *names = calloc((size_t)count + 1, sizeof **names);
    bool failed = !*names;
    for (int i = 0; i < count; i++) {
        if (*names)
            (*names)[i] = strdup(entries[i]->d_name);
        failed |= !*names || !(*names)[i];
        free(entries[i]);
    }
    free(entries);
    if (!failed)
        return count;
    outside_list_free(*names, *names ? count : 0);
    return -ENOMEM;
}

void outside_list_free(char **names, int count)
{
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

int outside_make_folder(const char *path)
{
    struct stat found;
    if (mkdir(path, MODE_FOLDER) == 0)
        return 0;
    int error = -errno;
    return error == -EEXIST && stat(path, &found) == 0 && S_ISDIR(found.st_mode) ? 0 : error;
}

int outside_make_link(const char *target, const char *path)
{
    return result_of(symlink(target, path));
}

int outside_make_name(const char *existing, const char *path)
{
    return result_of(link(existing, path));
}

int outside_read_link(const char *path, char *target, size_t size)
{
    ssize_t length = readlink(path, target, size);
    if (length < 0)
        return -errno;
    if ((size_t)length == size)
        return -ENAMETOOLONG;
    target[length] = '\0';
    return (int)length;
}

int outside_remove(const char *path)
{
    return result_of(remove(path));
}

int outside_set_times(const char *path, uint64_t accessed_ns, uint64_t modified_ns)
{
    const struct timespec times[] = {to_time(accessed_ns), to_time(modified_ns)};
    return result_of(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW));
}

// ---- Around it --------------------------------------------------------------------------
const char *outside_variable(const char *name)
{
    return getenv(name);
}

uint64_t outside_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return time_of(now);
}
