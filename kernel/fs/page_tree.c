// SPDX-License-Identifier: MIT
//
// A page tree: pages of memory, found by number, with holes in between.
//
//   page_tree_add(&tree, number)      a page for writing
//   page_tree_find(&tree, number)     for reading, or NULL where there is a hole
//   page_tree_cut(&tree, number)      that one and all behind it go
//
// A tree of nodes, each a page full of pointers: nine bits of the number choose the way
// at each level. It grows at the top: an old root becomes the first child of a new one,
// so nothing that is there ever moves. Page numbers have up to 52 bits: six levels.
// Chapter 17.
#include "fs/page_tree.h"

#include <stdbool.h>

#include "machine.h"
#include "page.h"

enum {
    FAN_BITS = 9,
    FAN = 1 << FAN_BITS, // children of a node
};
_Static_assert(FAN * sizeof(void *) == PAGE_SIZE, "a node is a page");

// Which child of a node at this height (1: just above the pages) the way leads through.
static unsigned slot_of(uint64_t number, unsigned height)
{
    return (unsigned)(number >> (height - 1) * FAN_BITS) % FAN;
}

// Whether a tree of this height has a place for the number.
static bool reaches(unsigned height, uint64_t number)
{
    return height >= PAGE_TREE_HEIGHT_MAX || number >> height * FAN_BITS == 0;
}

void *page_tree_find(const struct page_tree *tree, uint64_t number)
{
    void *node = tree->root;
    if (!reaches(tree->height, number))
        return NULL;
    for (unsigned height = tree->height; height > 0 && node; height--)
        node = ((void **)node)[slot_of(number, height)];
    return node;
}

static void *take_page(struct page_tree *tree)
{
    void *page = page_alloc(1);
    if (page)
        tree->pages++;
    return page;
}

static void give_page(struct page_tree *tree, void *page)
{
    page_free(page, 1);
    tree->pages--;
}

// New roots on top, until there is a place for the number.
static bool grow(struct page_tree *tree, uint64_t number)
{
    while (!reaches(tree->height, number)) {
        if (tree->root) {
            void **node = take_page(tree);
            if (!node)
                return false;
            node[0] = tree->root;
            tree->root = node;
        }
        tree->height++;
    }
    return true;
}

// Nodes that were made on the way stay when memory is out: page_tree_cut() finds them.
void *page_tree_add(struct page_tree *tree, uint64_t number)
{
    if (!grow(tree, number))
        return NULL;
    void **place = &tree->root;
    for (unsigned height = tree->height;; height--) {
        if (!*place)
            *place = take_page(tree);
        if (!*place || height == 0)
            return *place;
        place = &((void **)*place)[slot_of(number, height)];
    }
}

// Below this node: the pages from `number` on, and nodes that are left empty. The node is
// given back itself when nothing is left of it. At most six calls deep.
static void cut(struct page_tree *tree, void **place, unsigned height, uint64_t number)
{
    if (!*place)
        return;
    unsigned first = height > 0 ? slot_of(number, height) : 0;
    for (unsigned i = first; height > 0 && i < FAN; i++)
        cut(tree, &((void **)*place)[i], height - 1, i == first ? number : 0);
    if (number % ((uint64_t)1 << height * FAN_BITS) != 0)
        return;
    give_page(tree, *place);
    *place = NULL;
}

void page_tree_cut(struct page_tree *tree, uint64_t number)
{
    if (!reaches(tree->height, number))
        return;
    cut(tree, &tree->root, tree->height, number);
    if (number == 0)
        tree->height = 0;
}
