#pragma once

#include <glib.h>
#include <libxml/tree.h>

/* Small readers over libxml2's tree. Elements are meant without a namespace, unless said. */

/**
 * nv_xml_parse:
 *
 * Nothing is fetched and no entity is filled in; white space between elements is dropped, so that the tree
 * can be indented anew.
 *
 * Returns: (transfer full): free with xmlFreeDoc(); NULL with NV_ERROR_PARSE: `line N: reason`.
 */
xmlDoc *nv_xml_parse (const char *text, GError **error);

/* Is @node an element of that name, of whatever namespace? */
gboolean nv_xml_is_element (const xmlNode *node, const char *name);

/* The first child element of that name without a namespace; NULL also for a NULL @parent. */
xmlNode *nv_xml_find_child (const xmlNode *parent, const char *name);

/* Returns: (transfer full) (nullable): NULL also for a NULL @node. */
char *nv_xml_get_attribute (const xmlNode *node, const char *name);

/* Returns: (transfer full) (nullable): the text of @node and all in it, without blanks around it. */
char *nv_xml_get_text (const xmlNode *node);
