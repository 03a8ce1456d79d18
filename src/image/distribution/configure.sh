#!/bin/sh
# Makes a Debian a guest of numavm's. mmdebstrap runs it twice, with the system's root directory: before the kernel is
# installed, and when all packages are. The guest's program and its unit are there by then.
set -eu
root=$1

# write FILE: standard input becomes it.
write ()
{
  mkdir -p "$(dirname "$root/$1")"
  cat > "$root/$1"
}

# What a virtual machine's disk and its power button need and no more: under emulation each module counts. The default
# guest is compressed the same way.
before_kernel ()
{
  write etc/initramfs-tools/conf.d/numavm << END
MODULES=list
COMPRESS=gzip
RESUME=none
END
  write usr/share/initramfs-tools/modules.d/numavm << END
virtio_pci
virtio_blk
virtio_scsi
sd_mod
ahci
ata_piix
ext4
button
evdev
END
}

# A system for a laboratory: whoever has the console is root.
open_console ()
{
  chroot "$root" passwd --quiet --delete root
  write etc/systemd/system/serial-getty@ttyS0.service.d/numavm.conf << 'END'
[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin root --noclear --keep-baud 115200,38400,9600 - $TERM
END
}

# Without a device there is nothing to wait for. 10.0.2.3 is the name server of QEMU's user network: networkd alone, without
# resolved, tells nobody which one DHCP has named.
connect ()
{
  write etc/systemd/network/80-numavm.network << END
[Match]
Name=en* eth*

[Network]
DHCP=ipv4
LinkLocalAddressing=ipv6
END
  rm -f "$root/etc/resolv.conf"
  write etc/resolv.conf << END
nameserver 10.0.2.3
END
  chroot "$root" systemctl --quiet enable systemd-networkd.service
  chroot "$root" systemctl --quiet mask systemd-networkd-wait-online.service
}

# What runs beside a measurement, or only makes the boot longer.
quieten ()
{
  for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer logrotate.timer man-db.timer motd-news.timer systemd-tmpfiles-clean.timer systemd-timesyncd.service \
    unattended-upgrades.service getty-static.service getty@tty1.service modprobe@configfs.service \
    modprobe@dm_mod.service modprobe@efi_pstore.service modprobe@fuse.service modprobe@loop.service \
    proc-sys-fs-binfmt_misc.automount sys-fs-fuse-connections.mount sys-kernel-config.mount \
    systemd-network-generator.service systemd-pstore.service systemd-update-utmp.service \
    systemd-update-utmp-runlevel.service; do
    chroot "$root" systemctl --quiet mask "$unit"
  done
  chroot "$root" systemctl --quiet set-default multi-user.target
  write etc/systemd/journald.conf.d/numavm.conf << END
[Journal]
Storage=volatile
END
  # Of an emulated processor udev believes that it can do all this.
  write etc/modprobe.d/numavm.conf << END
blacklist kvm_amd
blacklist kvm_intel
blacklist powernow_k8
END
}

# What systemd's own listener would need dbus for.
hear_power_button ()
{
  write etc/acpi/events/numavm << END
event=button/power.*
action=/bin/systemctl --no-block poweroff
END
}

# Users and folders of the packages are there: the first boot need not look.
say_up_to_date ()
{
  if [ -x "$root/lib/systemd/systemd-update-done" ]; then chroot "$root" /lib/systemd/systemd-update-done; fi
}

after_packages ()
{
  echo numavm | write etc/hostname
  write etc/hosts << END
127.0.0.1 localhost numavm
::1 localhost
END
  echo 'LABEL=numavm / ext4 noatime,errors=remount-ro 0 0' | write etc/fstab
  chmod 755 "$root/usr/lib/numavm/guest"
  chmod 644 "$root/etc/systemd/system/numavm-guest.service"
  chroot "$root" systemctl --quiet enable numavm-guest.service
  open_console
  connect
  quieten
  hear_power_button
  say_up_to_date
}

case $MMDEBSTRAP_HOOK in
  essential)
    before_kernel
    mkdir -p "$root/usr/lib/numavm" ;;
  customize) after_packages ;;
esac
