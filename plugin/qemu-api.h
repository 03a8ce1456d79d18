/* What numa-delay.c needs of QEMU's interface for TCG plugins, whose own header distributions do not package.
   Declared after docs/devel/tcg-plugins.rst of QEMU; all of it is the same in every version of the interface
   from 1 (QEMU 6.0 to 8.2) on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_EXPORT __attribute__ ((visibility ("default")))

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;

typedef struct
{
  const char *target_name;
  struct
  {
    int min;
    int cur;
  } version; /* of the interface: what this QEMU accepts */
  bool system_emulation;
  struct
  {
    int smp_vcpus;
    int max_vcpus;
  } system;
} qemu_info_t;

enum qemu_plugin_cb_flags
{
  QEMU_PLUGIN_CB_NO_REGS,
};

enum qemu_plugin_mem_rw
{
  QEMU_PLUGIN_MEM_RW = 3,
};

typedef void (*qemu_plugin_vcpu_tb_trans_cb_t) (qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void (*qemu_plugin_vcpu_mem_cb_t) (unsigned vcpu_index, qemu_plugin_meminfo_t info, uint64_t address,
                                           void *data);
typedef void (*qemu_plugin_udata_cb_t) (qemu_plugin_id_t id, void *data);

extern QEMU_PLUGIN_EXPORT int qemu_plugin_version; /* what this plugin was made for */
QEMU_PLUGIN_EXPORT int
qemu_plugin_install (qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

void qemu_plugin_register_vcpu_tb_trans_cb (qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t callback);
size_t qemu_plugin_tb_n_insns (const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn (const struct qemu_plugin_tb *block, size_t index);
void
qemu_plugin_register_vcpu_mem_cb (struct qemu_plugin_insn *instruction, qemu_plugin_vcpu_mem_cb_t callback,
                                  enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw rw, void *data);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr (qemu_plugin_meminfo_t info, uint64_t address);
bool qemu_plugin_hwaddr_is_io (const struct qemu_plugin_hwaddr *address);
uint64_t qemu_plugin_hwaddr_phys_addr (const struct qemu_plugin_hwaddr *address);
void qemu_plugin_register_atexit_cb (qemu_plugin_id_t id, qemu_plugin_udata_cb_t callback, void *data);
