#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the CPU that this runs on says of itself (CPUID); nothing where there is none. */

struct nv_cpuid_cache
{
  unsigned level;
  const char *type; /* "data", "instruction" or "unified", as sysfs says it */
  uint64_t size_bytes;
  unsigned sharing; /* logical CPUs at most, those of one power of 2 of APIC ids; 0: all */
};

/* Returns: how many of at most @max there are. */
size_t nv_cpuid_caches (struct nv_cpuid_cache *ret_caches, size_t max);

/* The hypervisor's own name for itself, such as "KVMKVMKVM"; "" where it has none. False: there is none. */
bool nv_cpuid_hypervisor (char ret_vendor[13]);
