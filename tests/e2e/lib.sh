# What the e2e scripts share: TAP, and numavm in a state directory of its own. Sourced with the path of numavm as $1.
# shellcheck shell=bash

numavm_program=$(realpath "$1")
n_checks=0
n_failed=0

# skip_all REASON: as TAP says that a whole file of tests is skipped.
skip_all ()
{
  echo "1..0 # SKIP $1"
  exit 0
}

# needs PROGRAM...
needs ()
{
  local program
  for program in "$@"; do
    command -v "$program" > /dev/null || skip_all "'$program' is missing: run tools/deps"
  done
}

# needs_libvirt URI
needs_libvirt ()
{
  needs virsh
  virsh -q -c "$1" version > /dev/null 2>&1 || skip_all "'$1' does not answer '$(id -un)'"
}

# For the default guest.
needs_kernel ()
{
  local kernel
  for kernel in /boot/vmlinuz-*; do
    if [ -r "$kernel" ]; then return; fi
  done
  skip_all "no kernel in /boot that '$(id -un)' may read"
}

# policies: their names, from the program.
policies ()
{
  "$numavm_program" completion | sed -n "s/^ *--policy .*words='\(.*\)'.*/\1/p"
}

# check NAME COMMAND...: one TAP line.
check ()
{
  local name=$1
  shift
  n_checks=$((n_checks + 1))
  if "$@" > "$work/check.log" 2>&1; then
    echo "ok $n_checks - $name"
  else
    echo "not ok $n_checks - $name"
    n_failed=$((n_failed + 1))
    sed 's/^/# /' "$work/check.log"
    [ -f "$work/err" ] && sed 's/^/# stderr of the last numavm: /' "$work/err"
  fi
}

# numavm ARGUMENT...: what it prints goes to $work/out and $work/err, its exit status to $status.
numavm ()
{
  status=0
  "$numavm_program" "$@" "${numavm_options[@]}" > "$work/out" 2> "$work/err" || status=$?
}

exit_was () { [ "$status" -eq "$1" ]; }
printed () { grep -qF -- "$1" "$work/out"; }
said () { grep -qF -- "$1" "$work/err"; }
said_nothing () { ! [ -s "$work/err" ]; }
no_disks () { [ -z "$(ls -A "$NUMAVM_STATE_DIR/disks" 2> /dev/null)" ]; }
no_logs () { [ -z "$(ls -A "$NUMAVM_STATE_DIR/consoles" 2> /dev/null)" ]; }
no_sockets () { ! find "$NUMAVM_STATE_DIR" -type s | grep -q .; }
no_vms () { numavm list --json; exit_was 0 && ! printed "\"name\": \"$prefix"; }
no_processes () { ! pgrep -f -- "guest=$prefix"; }

# sshds_of FOLDER: the pids of those sshds, and of what writes files for them, that have a file or their root folder in it.
# Their command lines do not tell: sshd writes other words there.
sshds_of ()
{
  local process
  for process in /proc/[0-9]*; do
    case $(cat "$process/comm" 2> /dev/null) in sshd*) ;; *) continue ;; esac
    if readlink "$process/root" "$process"/fd/* 2> /dev/null | grep -q "^$1/"; then echo "${process#/proc/}"; fi
  done
}
no_sshds_of () { [ -z "$(sshds_of "$1")" ]; }

# count_vms EXPRESSION: how many of this test's VMs it holds for; `vm` is what `list --json` says of one.
count_vms ()
{
  numavm list --json
  PREFIX=$prefix python3 -c '
import json, os, sys
vms = json.load(open(sys.argv[1]))["vms"]
print(sum(vm["name"].startswith(os.environ["PREFIX"]) and bool(eval(sys.argv[2])) for vm in vms))' "$work/out" "$1"
}

nothing_left ()
{
  no_vms && no_processes && no_disks && no_logs && no_sockets
}

# eventually COMMAND...: within two minutes. Emulated guests on a busy machine take their time.
eventually ()
{
  local _
  for _ in $(seq 600); do
    "$@" > /dev/null 2>&1 && return
    sleep 0.2
  done
  echo "never: $*"
  return 1
}

guest_is_up ()
{
  numavm console --log "$1" && printed 'numavm guest: up'
}

finish ()
{
  if [ ${#numavm_options[@]} -gt 0 ]; then
    "$numavm_program" down --prefix "$prefix" --quiet "${numavm_options[@]}" || true
  fi
  rm -rf "$work"
}

work=$(mktemp -d)
chmod 755 "$work" # QEMU runs as another user under libvirt's system daemon
export NUMAVM_STATE_DIR=$work/state
numavm_options=()
prefix=nvtest-$$- # of all VMs, since others may have VMs on the same libvirt
trap finish EXIT

done_testing ()
{
  echo "1..$n_checks"
  [ "$n_failed" -eq 0 ]
}
