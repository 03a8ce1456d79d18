#pragma once

#include "cmd/command.h"

/* Everything that is generated from the commands' records: the option parser, --help, the man pages and the
 * shell completion. */

/* The options that commands have in common, first those about VMs; offsets are in NvCommonOptions; ended by a
 * NULL name. */
extern const NvOption nv_common_options[];

/* Those that @command has. */
const NvOption *nv_common_options_of (const NvCommand *command);

/**
 * nv_options_parse:
 * @argc, @argv: (inout): as main() has them; what is left are the plain arguments. --help prints and exits
 *
 * Returns: %FALSE with NV_ERROR_USAGE.
 */
gboolean nv_options_parse (const NvCommand *command, NvCommonOptions *common, void *options, int *argc,
                           char ***argv, GError **error);

/* Frees the texts in both structures. */
void nv_options_clear (const NvCommand *command, NvCommonOptions *common, void *options);

/* The list of commands, on stderr or stdout. */
void nv_help_print (gboolean on_stderr);
