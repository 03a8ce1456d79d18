#pragma once

/**
 * fake_guest_start:
 * @name: of the VM; what it contains makes the guest misbehave, see guest.c
 *
 * A thread that talks as a guest does (bench/protocol.h), with values that are made up, the same each time.
 * It ends when its host hangs up or says bye.
 *
 * Returns: the host's end of the channel; -1 with errno.
 */
int fake_guest_start (const char *name);
