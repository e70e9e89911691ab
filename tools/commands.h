/* SPDX-License-Identifier: MIT
 *
 * The subcommands: each gets argv with its own name at argv[0] and returns an
 * exit code (tools/options.h).
 */
#ifndef SP_TOOLS_COMMANDS_H
#define SP_TOOLS_COMMANDS_H

int sp_command_serve(int argc, char **argv);
int sp_command_log(int argc, char **argv); /* stat | verify | dump */
int sp_command_replay(int argc, char **argv);
int sp_command_user(int argc, char **argv); /* add | passwd */
int sp_command_key(int argc, char **argv);  /* show | rotate */
int sp_command_openapi(int argc, char **argv);
int sp_command_bench(int argc, char **argv); /* engine */

#endif
