// SPDX-License-Identifier: MIT
//
// Mounts: file systems appear in the tree, and leave it.
//
//   vfs_init(file_systems)
//   vfs_mount("/dev/vda", "/", NULL, 0)
//   vfs_unmount("/mnt"), vfs_sync()
//
// A mounted directory is covered: walks that reach its inode go on at the root of what is
// mounted (vfs_path.c). The tree's mutex lets one thread at a time change what is mounted
// where; it is taken before any mount's. A mount is in use as long as anybody has a reference
// to one of its inodes, so who has one need not fear for the mount. Chapter 17.
#include "block.h"
#include "cache.h"
#include "error.h"
#include "format.h"
#include "fs/vfs.h"
#include "heap.h"
#include "print.h"
#include "string.h"

static struct {
    const struct file_system *const *file_systems;
    struct list mounts; // the root first
    struct mutex tree;  // held while that list changes
    unsigned last_id;
} vfs;

static int open_hook(const char *path, unsigned flags, struct file **file)
{
    return vfs_open(path, flags, file);
}

static int status_hook(const char *path, bool follow, struct os_status *status)
{
    struct inode *inode;
    int error = vfs_find(path, follow, &inode);
    if (error)
        return error;
    vfs_fill_status(inode, status);
    inode_put(inode);
    return 0;
}

static int path_hook(struct file *directory, char *path, size_t size)
{
    struct inode *inode = vfs_inode_of(directory);
    return inode ? vfs_path_of(inode, path, size) : -ENOTDIR;
}

void vfs_init(const struct file_system *const *file_systems)
{
    vfs.file_systems = file_systems;
    list_init(&vfs.mounts);
    mutex_init(&vfs.tree, "mounts");
    inode_init();
    *file_hooks() = (struct file_hooks){
        .open = open_hook, .status = status_hook, .path_of = path_hook, .end = vfs_end};
}

struct mount *vfs_mount_next(struct mount *mount)
{
    struct list *next = mount ? mount->all.next : vfs.mounts.next;
    return next == &vfs.mounts ? NULL : container_of(next, struct mount, all);
}

// ---- Mounting ---------------------------------------------------------------------------
static void free_mount(struct mount *mount)
{
    if (mount->device)
        block_release(mount->device);
    heap_free(mount);
}

// What does not depend on the kind of file system. -EBUSY: the device is somebody's.
static int create_mount(const char *source, const char *path, unsigned flags,
                        struct block_device *device, struct mount **created)
{
    struct mount *mount = heap_alloc(sizeof(*mount));
    if (!mount)
        return -ENOMEM;
    mutex_init(&mount->mutex, mount->path);
    mount->read_only = (flags & OS_MOUNT_READ_ONLY) || (device && device->read_only);
    mount->id = ++vfs.last_id;
    snprintf(mount->source, sizeof(mount->source), "%s%s", device ? "/dev/" : "",
             device ? device->name : source);
    strlcpy(mount->path, path, sizeof(mount->path));
    snprintf(mount->claim, sizeof(mount->claim), "a file system on %s", mount->path);
    int error = device ? block_claim(device, mount->claim) : 0;
    if (error) {
        heap_free(mount);
        return error;
    }
    mount->device = device;
    *created = mount;
    return 0;
}

// One kind of file system looks at the device, and gives the root.
static int try_file_system(struct mount *mount, const struct file_system *file_system)
{
    mount->file_system = file_system;
    mutex_lock_always(&mount->mutex);
    bool read_only = mount->read_only;
    int error = file_system->mount(mount);
    if (!error) {
        error = inode_get_number(mount, mount->root_number, &mount->root);
        if (error && file_system->unmount)
            file_system->unmount(mount);
    }
    if (error)
        mount->read_only = read_only; // for the next one to try
    if (error && mount->device)
        cache_drop(mount->device); // what it has marked as looked at, too
    mutex_unlock(&mount->mutex);
    return error;
}

// The one with that name; of those for devices, the first that knows what is there.
static int find_file_system(struct mount *mount, const char *type)
{
    int error = -ENODEV;
    for (const struct file_system *const *each = vfs.file_systems; *each; each++) {
        bool wanted = type ? strcmp((*each)->name, type) == 0 : (*each)->on_device;
        if (!wanted || (*each)->on_device != (mount->device != NULL))
            continue;
        error = try_file_system(mount, *each);
        if (error != -EINVAL)
            break;
    }
    return error;
}

// Whether a file system of this kind, or of any (NULL), lives on a device.
static bool needs_device(const char *type)
{
    for (const struct file_system *const *each = vfs.file_systems; *each; each++) {
        if (type && strcmp((*each)->name, type) == 0)
            return (*each)->on_device;
    }
    return !type;
}

// The mount takes over the reference to the directory (NULL: it is the tree's root). -ENOENT:
// somebody has removed it while the disk was read.
static int attach(struct mount *mount, struct inode *directory)
{
    struct mutex *mutex = directory ? &directory->mount->mutex : NULL;
    snprintf(mount->claim, sizeof(mount->claim), "%s on %s", mount->file_system->name,
             mount->path);
    if (directory) {
        mutex_lock_always(mutex);
        bool there = directory->links > 0;
        if (there)
            directory->covered_by = mount;
        mutex_unlock(mutex);
        if (!there)
            return -ENOENT;
    }
    mount->covered = directory;
    list_append(&vfs.mounts, &mount->all);
    return 0;
}

// Nobody can reach it any more.
static int take_down(struct mount *mount)
{
    struct block_device *device = mount->device;
    mutex_lock_always(&mount->mutex);
    inode_put_locked(mount->root);
    if (mount->file_system->unmount)
        mount->file_system->unmount(mount);
    mutex_unlock(&mount->mutex);
    int error = device ? cache_drop(device) : 0;
    free_mount(mount);
    return error;
}

// The tree's mutex is held.
static int mount_on(struct inode *directory, const char *path, const char *source,
                    const char *type, unsigned flags)
{
    struct block_device *device = needs_device(type) ? block_find(source) : NULL;
    struct mount *mount;
    if (needs_device(type) && !device)
        return -ENODEV;
    int error = create_mount(source, path, flags, device, &mount);
    if (error)
        return error;
    error = find_file_system(mount, type);
    if (error) {
        free_mount(mount);
        return error;
    }
    error = attach(mount, directory);
    if (error)
        take_down(mount);
    return error;
}

// Where something may be mounted, and what that place is called.
static int find_place(const char *path, struct inode **directory, char *name, size_t size)
{
    int error = vfs_find(path, true, directory);
    if (error)
        return error;
    if ((*directory)->type != OS_TYPE_DIRECTORY)
        error = -ENOTDIR;
    else if (*directory == (*directory)->mount->root)
        error = -EBUSY; // something is mounted there, or it is the tree's root
    else
        error = vfs_path_of(*directory, name, size);
    if (error == -ERANGE)
        error = strlcpy(name, path, size) < size ? 0 : -ENAMETOOLONG;
    if (error)
        inode_put(*directory);
    return error;
}

int vfs_mount(const char *source, const char *path, const char *type, unsigned flags)
{
    struct inode *directory = NULL;
    char name[sizeof(((struct mount *)NULL)->path)] = "/";
    if (flags & ~(unsigned)OS_MOUNT_READ_ONLY)
        return -EINVAL;
    mutex_lock_always(&vfs.tree);
    int error = 0;
    if (!list_is_empty(&vfs.mounts))
        error = find_place(path, &directory, name, sizeof(name));
    else if (strcmp(path, "/") != 0)
        error = -ENOENT; // there is no tree yet
    if (!error) {
        error = mount_on(directory, name, source, type, flags);
        if (error)
            inode_put(directory);
    }
    mutex_unlock(&vfs.tree);
    return error;
}

// ---- Unmounting -------------------------------------------------------------------------
// Only its own root is in use, by itself and by whoever looks.
static bool is_in_use(const struct mount *mount)
{
    return mount->inodes > 1 || mount->root->references > 2;
}

static int sync_mount(struct mount *mount)
{
    if (!mount->file_system->sync)
        return 0;
    mutex_lock_always(&mount->mutex);
    int error = mount->file_system->sync(mount);
    mutex_unlock(&mount->mutex);
    return error;
}

// The caller has a reference to the root, which goes. What could not be written stays
// mounted, unless the file system has given up writing.
static int unmount(struct mount *mount)
{
    int error = is_in_use(mount) ? -EBUSY : sync_mount(mount);
    if (error != -EBUSY && mount->read_only)
        error = 0;
    if (!error && is_in_use(mount))
        error = -EBUSY; // since then: writing takes its time
    if (error) {
        inode_put(mount->root);
        return error;
    }
    struct inode *covered = mount->covered;
    if (covered)
        covered->covered_by = NULL;
    list_remove(&mount->all);
    inode_put(mount->root); // not the last one
    error = take_down(mount);
    inode_put(covered);
    return error;
}

int vfs_unmount(const char *path)
{
    struct inode *root;
    mutex_lock_always(&vfs.tree);
    int error = vfs_find(path, true, &root);
    if (!error && root == root->mount->root) {
        error = unmount(root->mount);
    } else if (!error) {
        inode_put(root);
        error = -EINVAL;
    }
    mutex_unlock(&vfs.tree);
    return error;
}

// ---- All of them ------------------------------------------------------------------------
static void keep_first(int *first, int error)
{
    if (!*first)
        *first = error;
}

// Disks that programs have written to themselves: /dev/vda.
static int sync_unmounted(void)
{
    int first_error = 0;
    for (struct block_device *device = block_next(NULL); device; device = block_next(device))
        keep_first(&first_error, device->used_by ? 0 : cache_sync(device));
    return first_error;
}

int vfs_sync(void)
{
    int first_error = 0;
    mutex_lock_always(&vfs.tree);
    for (struct mount *mount = vfs_mount_next(NULL); mount; mount = vfs_mount_next(mount))
        keep_first(&first_error, sync_mount(mount));
    keep_first(&first_error, sync_unmounted());
    mutex_unlock(&vfs.tree);
    return first_error;
}

// Nothing is given back, the mutexes least of all: who has a file open waits from now on.
int vfs_end(void)
{
    int first_error = 0;
    mutex_lock_always(&vfs.tree);
    while (!list_is_empty(&vfs.mounts)) {
        struct mount *mount = container_of(vfs.mounts.previous, struct mount, all);
        int error = sync_mount(mount);
        keep_first(&first_error, error);
        mutex_lock_always(&mount->mutex);
        list_remove(&mount->all);
        if (!error && mount->file_system->unmount)
            mount->file_system->unmount(mount);
        if (!error && mount->device)
            keep_first(&first_error, cache_sync(mount->device));
    }
    keep_first(&first_error, sync_unmounted());
    return first_error;
}

// Somebody's reference or the tree's mutex keeps the mount.
static int fill_info(struct mount *mount, struct os_fs_info *info)
{
    *info = (struct os_fs_info){.name_max = VFS_NAME_MAX, .read_only = mount->read_only};
    strlcpy(info->type, mount->file_system->name, sizeof(info->type));
    strlcpy(info->source, mount->source, sizeof(info->source));
    strlcpy(info->path, mount->path, sizeof(info->path));
    if (!mount->file_system->statistics)
        return 0;
    mutex_lock_always(&mount->mutex);
    int error = mount->file_system->statistics(mount, info);
    mutex_unlock(&mount->mutex);
    return error;
}

int vfs_info(const char *path, struct os_fs_info *info)
{
    struct inode *inode;
    int error = vfs_find(path, true, &inode);
    if (error)
        return error;
    error = fill_info(inode->mount, info);
    inode_put(inode);
    return error;
}

int vfs_info_of_mount(unsigned i, struct os_fs_info *info)
{
    mutex_lock_always(&vfs.tree);
    struct mount *mount = vfs_mount_next(NULL);
    for (; mount && i > 0; i--)
        mount = vfs_mount_next(mount);
    int error = mount ? fill_info(mount, info) : -ENOENT;
    mutex_unlock(&vfs.tree);
    return error;
}

void vfs_make_read_only(struct mount *mount, const char *format, ...)
{
    char why[160];
    va_list arguments;
    if (mount->read_only)
        return;
    mount->read_only = true;
    va_start(arguments, format);
    vsnprintf(why, sizeof(why), format, arguments);
    va_end(arguments);
    log_error("%s: %s; nothing is written there any more", mount->claim, why);
}
