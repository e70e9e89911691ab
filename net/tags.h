/* SPDX-License-Identifier: MIT
 *
 * The chapters of the interface's document: each route is in one.
 *
 * X(ID, name, what is in it)
 */
#ifndef SP_NET_TAGS_H
#define SP_NET_TAGS_H

#define SP_TAGS(X)                                                                \
    X(ORDERS, "Orders", "Seats bought for points, and cancelled.")                \
    X(QUEUE, "Queue", "Orders that are accepted at once and decided in turn.")    \
    X(HOLDS, "Holds", "Seats set aside until a deadline, to be bought in peace.") \
    X(CONCERTS, "Concerts", "What is on sale.")                                   \
    X(SEATS, "Seats", "Which seats are free: as a map, and live.")                \
    X(CATEGORIES, "Categories", "What concerts are sorted by.")                   \
    X(SESSIONS, "Sessions", "Logging in, staying so, logging out.")               \
    X(USERS, "Users", "Accounts, roles and points.")                              \
    X(OPERATION, "Operation", "Health, figures and documents, for those who run this.")

typedef enum sp_tag {
    SP_TAG_NONE = 0,
#define SP_TAG_ENUM(id, name, about) SP_TAG_##id,
    SP_TAGS(SP_TAG_ENUM)
#undef SP_TAG_ENUM
        SP_TAGS_END
} sp_tag;

#endif
