#!/bin/sh
# disk.sh ROOT OUT BYTES COMMAND_LINE: of the system in ROOT makes OUT/disk.qcow2, which starts by itself, OUT/vmlinuz,
# OUT/initramfs.cpio.gz and OUT/packages. No loop device, and nothing is mounted.
set -eu
root=$1 out=$2 bytes=$3 command_line=$4
grub=/usr/lib/grub/i386-pc
start=1048576 # bytes: where partitions begin since disks have sectors of 4 KiB; GRUB is before it
PATH=$PATH:/usr/sbin:/sbin

# The older the features, the more loaders can read them; GRUB 2.06 cannot read what newer mke2fs make.
features=none,dir_index,dir_nlink,ext_attr,extent,extra_isize,filetype,flex_bg,has_journal,huge_file,large_file
features=$features,metadata_csum,resize_inode,sparse_super,64bit

file_system ()
{
  mke2fs -q -t ext4 -L numavm -d "$root" -m 1 -O "$features" -E offset=$start,lazy_itable_init=0 "$out/disk.raw" \
    $(((bytes - start) / 1024))k
}

# Of the disk's first sector the program of GRUB's boot.img; after it its core, which finds the rest by the label.
loader ()
{
  cat > "$out/grub.cfg" << END
search --no-floppy --label numavm --set root
linux /vmlinuz $command_line
initrd /initrd.img
boot
END
  grub-mkimage -O i386-pc -o "$out/core.img" -p /boot/grub -c "$out/grub.cfg" \
    biosdisk part_msdos ext2 linux search search_label boot
  [ "$(stat -c %s "$out/core.img")" -le $((start - 512)) ]
  # It would say that there is a file system, as if that were news.
  echo "start=$((start / 512)), type=83, bootable" | sfdisk -q --label dos "$out/disk.raw" > /dev/null
  dd if=$grub/boot.img of="$out/disk.raw" bs=440 count=1 conv=notrunc status=none
  dd if="$out/core.img" of="$out/disk.raw" bs=512 seek=1 conv=notrunc status=none
}

echo "I: making the disk"
mkdir "$out"
# shellcheck disable=SC2016 # dpkg-query expands them
chroot "$root" dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\n' > "$out/packages"
cp -L "$root/vmlinuz" "$out/vmlinuz"
cp -L "$root/initrd.img" "$out/initramfs.cpio.gz"
basename "$(readlink "$root/vmlinuz")" > "$out/kernel"
truncate -s "$bytes" "$out/disk.raw"
file_system
loader
echo "I: compacting the disk"
qemu-img convert -O qcow2 "$out/disk.raw" "$out/disk.qcow2"
rm "$out/disk.raw" "$out/core.img" "$out/grub.cfg"
chmod 644 "$out"/*
