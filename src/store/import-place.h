#pragma once

#include "store/formats/format.h"

/* The runs, boots and VMs that an import has made so far. */

NvImportPlaces *nv_import_places_new (void);
void nv_import_places_free (NvImportPlaces *places);

/* What was made for this file is undone in the store. */
void nv_import_forget_places (NvImport *import);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvImportPlaces, nv_import_places_free)
