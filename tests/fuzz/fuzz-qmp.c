/* Whatever a QEMU says, a conversation with it has an answer or ends with an error. The input is all that
 * QEMU sends, the greeting first, before it hangs up. */

#include "fuzz.h"

#include "base/error.h"
#include "vm/qemu/qmp.h"

#include <sys/socket.h>
#include <unistd.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvQmp) qmp = NULL;
  json_t *answer = NULL;
  int ends[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), ==, 0);
  /* What the socket does not take at once is cut off. */
  g_assert_cmpint (size > 0 ? send (ends[1], data, size, MSG_NOSIGNAL) : 0, >=, 0);
  g_assert_cmpint (shutdown (ends[1], SHUT_WR), ==, 0);
  qmp = nv_qmp_open_fd (ends[0], "fuzz", NV_QMP_TIMEOUT_MS, &error);
  if (qmp)
    answer = nv_qmp_execute (qmp, "query-status", &error);
  if (!answer)
    g_assert_error (error, NV_ERROR, NV_ERROR_FAILED);
  json_decref (answer);
  close (ends[1]);
  return 0;
}
