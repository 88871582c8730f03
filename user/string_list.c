// SPDX-License-Identifier: MIT
//
// A list of strings that grows.
// Chapter 13.
#include "string_list.h"

enum { ROOM_FIRST = 8 };

static int make_room(struct string_list *list)
{
    size_t room = list->room ? list->room * 2 : ROOM_FIRST;
    if (list->count < list->room)
        return 0;
    char **larger = os_resize(list->items, room * sizeof(list->items[0]));
    if (!larger)
        return -ENOMEM;
    list->items = larger;
    list->room = room;
    return 0;
}

int string_list_add(struct string_list *list, const char *a, const char *b)
{
    if (make_room(list))
        return -ENOMEM;
    char *copy = NULL;
    if (a) {
        size_t size = strlen(a) + strlen(b) + 1;
        copy = os_alloc(size);
        if (!copy)
            return -ENOMEM;
        snprintf(copy, size, "%s%s", a, b);
    }
    list->items[list->count++] = copy;
    return 0;
}

void string_list_free(struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        os_free(list->items[i]);
    os_free(list->items);
    *list = (struct string_list){0};
}
