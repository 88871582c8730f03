// SPDX-License-Identifier: MIT
//
// ramfs: the bytes of files.
//
// They lie in the pages of a page tree. What was never written has no page and reads as
// zeros; so does what lies behind the end, should the file grow over it. Chapter 17.
#include "error.h"
#include "fs/ramfs.h"
#include "machine.h"
#include "string.h"

// How much of what is asked for lies in the first page of it.
static size_t piece_of(uint64_t offset, size_t size)
{
    size_t room = PAGE_SIZE - (size_t)(offset % PAGE_SIZE);
    return size < room ? size : room;
}

int ramfs_read(struct inode *inode, uint64_t offset, void *buffer, size_t size)
{
    const struct page_tree *pages = &ramfs_node_of(inode)->pages;
    if (offset >= inode->size)
        return 0;
    if (size > inode->size - offset)
        size = (size_t)(inode->size - offset);
    for (size_t done = 0; done < size;) {
        size_t piece = piece_of(offset + done, size - done);
        const char *page = page_tree_find(pages, (offset + done) / PAGE_SIZE);
        if (page)
            memcpy((char *)buffer + done, page + (offset + done) % PAGE_SIZE, piece);
        else
            memset((char *)buffer + done, 0, piece);
        done += piece;
    }
    return (int)size;
}

// The page to write to. NULL: there is no more memory for us.
static char *page_for(struct ramfs_node *node, uint64_t number)
{
    char *page = page_tree_find(&node->pages, number);
    if (page)
        return page;
    size_t before = node->pages.pages;
    if (ramfs_charge(node->ramfs, PAGE_TREE_ADD_MAX * PAGE_SIZE))
        return NULL;
    page = page_tree_add(&node->pages, number);
    size_t unused = PAGE_TREE_ADD_MAX - (node->pages.pages - before);
    ramfs_refund(node->ramfs, unused * PAGE_SIZE);
    return page;
}

int ramfs_write(struct inode *inode, uint64_t offset, const void *bytes, size_t size)
{
    struct ramfs_node *node = ramfs_node_of(inode);
    size_t done = 0;
    while (done < size) {
        size_t piece = piece_of(offset + done, size - done);
        char *page = page_for(node, (offset + done) / PAGE_SIZE);
        if (!page)
            break;
        memcpy(page + (offset + done) % PAGE_SIZE, (const char *)bytes + done, piece);
        done += piece;
    }
    if (done == 0)
        return -ENOSPC;
    if (inode->size < offset + done)
        inode->size = offset + done;
    ramfs_touch(node, true);
    return (int)done;
}

int ramfs_truncate(struct inode *inode, uint64_t size)
{
    struct ramfs_node *node = ramfs_node_of(inode);
    size_t before = node->pages.pages, tail = (size_t)(size % PAGE_SIZE);
    page_tree_cut(&node->pages, size / PAGE_SIZE + (tail > 0));
    ramfs_refund(node->ramfs, (before - node->pages.pages) * PAGE_SIZE);
    char *page = tail > 0 ? page_tree_find(&node->pages, size / PAGE_SIZE) : NULL;
    if (page)
        memset(page + tail, 0, PAGE_SIZE - tail);
    inode->size = size;
    ramfs_touch(node, true);
    return 0;
}
