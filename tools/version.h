/* SPDX-License-Identifier: MIT */
#ifndef SP_TOOLS_VERSION_H
#define SP_TOOLS_VERSION_H

#define SP_VERSION "0.1.0"

#endif
