#include "image/static-elf.h"
#include "base/error.h"

#include <elf.h>
#include <string.h>

#if defined __aarch64__
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_X86_64
#endif

/* Returns: (nullable): what is wrong. */
static const char *
find_problem (const guint8 *bytes, gsize length)
{
  Elf64_Ehdr header;

  if (length < sizeof header || memcmp (bytes, ELFMAG, SELFMAG) != 0)
    return "is no ELF program: of scripts the interpreter would be missing";
  memcpy (&header, bytes, sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != MACHINE)
    return "is of another kind of machine";
  if ((header.e_type != ET_EXEC && header.e_type != ET_DYN) || header.e_entry == 0)
    return "is ELF, but no program";
  if (header.e_phentsize != sizeof (Elf64_Phdr) || header.e_phoff > length
      || (length - header.e_phoff) / sizeof (Elf64_Phdr) < header.e_phnum)
    return "is damaged: its program headers are not within the file";
  for (guint i = 0; i < header.e_phnum; i++)
    {
      Elf64_Phdr segment;

      memcpy (&segment, bytes + header.e_phoff + i * sizeof segment, sizeof segment);
      if (segment.p_type == PT_INTERP)
        return "needs shared libraries, which the guest has not: link it statically (gcc -static)";
    }
  return NULL;
}

gboolean
nv_elf_check_static (const char *path, GBytes *content, GError **error)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (content, &length);
  const char *problem = find_problem (bytes, length);

  if (problem)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "program '%s': %s", path, problem);
  return !problem;
}
