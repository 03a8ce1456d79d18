#pragma once

#include <glib.h>

/* What `apt-get indextargets` is asked for, and nv_sources_parse() reads: a line for each component. */
#define NV_SOURCES_FORMAT "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)"

/**
 * nv_sources_parse:
 * @text: lines of NV_SOURCES_FORMAT
 * @suite: such as "bookworm"
 *
 * Those of the suite, its updates and its security updates that are of the distribution itself: whose origin
 * is that of its main component.
 *
 * Returns: (transfer full): lines as in sources.list; %NULL with NV_ERROR_USAGE, which names the suites that
 * there are.
 */
char *nv_sources_parse (const char *text, const char *suite, GError **error);

/**
 * nv_sources_find:
 * @mirror: (nullable): instead of the host's own sources
 *
 * Returns: (transfer full): as nv_sources_parse(); %NULL also with NV_ERROR_UNAVAILABLE: there is no apt.
 */
char *nv_sources_find (const char *suite, const char *mirror, GError **error);
