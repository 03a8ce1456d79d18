#pragma once

#include "placement/placement.h"

/**
 * nv_domain_placement_parse:
 *
 * What a libvirt domain's XML declares of where its memory is: strict is WITHIN the nodeset, interleave EXACT
 * equal shares of it; other modes, numad's choice and no numatune are ANY.
 *
 * Returns: (transfer full): a region for each guest cell, or one; NULL with NV_ERROR_PARSE.
 */
NvPlacement *nv_domain_placement_parse (const char *xml, GError **error);
