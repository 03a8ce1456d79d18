#include "base/xml.h"
#include "base/error.h"

#include <libxml/parser.h>
#include <string.h>

xmlDoc *
nv_xml_parse (const char *text, GError **error)
{
  xmlParserCtxt *context = xmlNewParserCtxt ();
  gsize length = strlen (text);
  xmlDoc *document = NULL;

  if (length <= G_MAXINT)
    document =
        xmlCtxtReadMemory (context, text, (int)length, NULL, NULL,
                           XML_PARSE_NONET | XML_PARSE_NOBLANKS | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  if (!document)
    {
      const xmlError *problem = xmlCtxtGetLastError (context);
      g_autofree char *reason =
          g_strchomp (g_strdup (problem && problem->message ? problem->message : "not XML"));

      g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "line %d: %s", problem ? problem->line : 0, reason);
    }
  xmlFreeParserCtxt (context);
  return document;
}

gboolean
nv_xml_is_element (const xmlNode *node, const char *name)
{
  return node->type == XML_ELEMENT_NODE && strcmp ((const char *)node->name, name) == 0;
}

xmlNode *
nv_xml_find_child (const xmlNode *parent, const char *name)
{
  for (xmlNode *child = parent ? parent->children : NULL; child; child = child->next)
    if (nv_xml_is_element (child, name) && !child->ns)
      return child;
  return NULL;
}

char *
nv_xml_get_attribute (const xmlNode *node, const char *name)
{
  xmlChar *value = node ? xmlGetNoNsProp ((xmlNode *)node, (const xmlChar *)name) : NULL;
  char *copy = g_strdup ((const char *)value);

  xmlFree (value);
  return copy;
}

char *
nv_xml_get_text (const xmlNode *node)
{
  xmlChar *text = node ? xmlNodeGetContent (node) : NULL;
  char *copy = text ? g_strstrip (g_strdup ((const char *)text)) : NULL;

  xmlFree (text);
  return copy;
}
