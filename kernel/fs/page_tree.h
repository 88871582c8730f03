// SPDX-License-Identifier: MIT
//
// A page tree: pages of memory, found by number, with holes in between. Chapter 17.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    PAGE_TREE_HEIGHT_MAX = 6,
    PAGE_TREE_ADD_MAX = PAGE_TREE_HEIGHT_MAX + 1, // pages that one more may cost
};

// All zeros: an empty one.
struct page_tree {
    void *root;      // a page, or a node of pointers to more; NULL: nothing
    unsigned height; // 0: the root is page 0 itself; otherwise levels of nodes above pages
    size_t pages;    // that it holds, its nodes included
};

// The page with a number, or NULL: a hole.
void *page_tree_find(const struct page_tree *tree, uint64_t number);
// The same; a hole is filled with a page of zeros first. NULL: no memory.
void *page_tree_add(struct page_tree *tree, uint64_t number);
// Gives back all pages from that number on.
void page_tree_cut(struct page_tree *tree, uint64_t number);
