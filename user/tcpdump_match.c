// SPDX-License-Identifier: MIT
//
// Whether a filter likes a frame.
// Chapter 20.
#include "tcpdump.h"

static bool is_between(uint32_t value, const struct filter_node *node)
{
    return value >= node->low && value <= node->high;
}

static bool matches_net(const struct filter_node *node, const struct view *view)
{
    if (!view->has_addresses)
        return false;
    return ((node->direction & FILTER_SOURCE) && (view->source & node->high) == node->low) ||
           ((node->direction & FILTER_DESTINATION) &&
            (view->destination & node->high) == node->low);
}

static bool matches_port(const struct filter_node *node, const struct view *view)
{
    if (!view->has_ports)
        return false;
    return ((node->direction & FILTER_SOURCE) && is_between(view->source_port, node)) ||
           ((node->direction & FILTER_DESTINATION) && is_between(view->destination_port, node));
}

static bool matches_mac(const struct filter_node *node, const struct view *view)
{
    if (view->link.size < ETHERNET_SIZE)
        return false;
    return ((node->direction & FILTER_DESTINATION) &&
            memcmp(view->link.at, node->mac, sizeof(node->mac)) == 0) ||
           ((node->direction & FILTER_SOURCE) &&
            memcmp(view->link.at + 6, node->mac, sizeof(node->mac)) == 0);
}

// To a group of stations; all ones: to all of them.
static bool is_to_group(const struct view *view, bool all)
{
    static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if (view->link.size < ETHERNET_SIZE || !(view->link.at[0] & 1))
        return false;
    return !all || memcmp(view->link.at, everybody, sizeof(everybody)) == 0;
}

// A filter has at most FILTER_NODES of them, so that is how deep this goes.
static bool matches(const struct filter *filter, unsigned at, const struct view *view)
{
    const struct filter_node *node = &filter->nodes[at];
    switch ((enum filter_kind)node->kind) {
    case FILTER_ALL:
        return true;
    case FILTER_AND:
        return matches(filter, node->left, view) && matches(filter, node->right, view);
    case FILTER_OR:
        return matches(filter, node->left, view) || matches(filter, node->right, view);
    case FILTER_NOT:
        return !matches(filter, node->left, view);
    case FILTER_TYPE:
        return view->type == node->low;
    case FILTER_PROTOCOL:
        return view->type == TYPE_IP && view->has_addresses && view->protocol == node->low;
    case FILTER_NET:
        return matches_net(node, view);
    case FILTER_PORT:
        return matches_port(node, view);
    case FILTER_MAC:
        return matches_mac(node, view);
    case FILTER_LESS:
        return view->frame->size <= node->low;
    case FILTER_GREATER:
        return view->frame->size >= node->low;
    case FILTER_BROADCAST:
        return is_to_group(view, true);
    case FILTER_MULTICAST:
        return is_to_group(view, false);
    case FILTER_SENT:
        return view->frame->is_sent == node->low;
    }
    return false;
}

bool filter_matches(const struct filter *filter, const struct view *view)
{
    return matches(filter, filter->root, view);
}
