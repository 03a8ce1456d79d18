#pragma once

#include <gio/gio.h>

/* @line: of what the program prints, without its end */
typedef void (*NvToolLine) (const char *line, gpointer data);

/**
 * nv_tool_run:
 * @argv: ended by %NULL
 * @temporary: (nullable): its TMPDIR
 * @on_line: gets all that it prints, on stdout and stderr
 * @cancellable: when it is cancelled while the default main context runs, which it does in here, the program
 *   and its children are asked to end, so that they can clean up; a while later, or when it is cancelled once
 *   more (it is reset meanwhile), they are killed
 *
 * Runs a program that takes its time.
 *
 * Returns: %FALSE with NV_ERROR_UNAVAILABLE (it cannot be run), NV_ERROR_CANCELLED, or NV_ERROR_FAILED with
 * its name and how it ended: what it said is the caller's to judge.
 */
gboolean nv_tool_run (const char *const *argv, const char *temporary, NvToolLine on_line, gpointer data,
                      GCancellable *cancellable, GError **error);
