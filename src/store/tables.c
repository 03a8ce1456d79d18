#include "store/tables.h"

#define OF_VM "vm IN (SELECT vm.id FROM vm JOIN boot ON boot.id = vm.boot WHERE boot.run = ?1)"

const NvTable nv_tables[NV_N_TABLES] = {
  { "run", "id = ?1" },
  { "metric", "run = ?1" },
  { "boot", "run = ?1" },
  { "vm", "boot IN (SELECT id FROM boot WHERE run = ?1)" },
  { "clock", OF_VM },
  { "residence", OF_VM },
  { "setup", "run = ?1" },
  { "output", "run = ?1" },
  { "iteration", "run = ?1" },
  { "summary", "run = ?1" },
  { "stream", "run = ?1" },
  { "sample_header", "run = ?1" },
  { "sample", "run = ?1" },
  { "counter", "run = ?1" },
  { "sample_value", "sample IN (SELECT id FROM sample WHERE run = ?1)" },
  { "source", "run = ?1" },
};
