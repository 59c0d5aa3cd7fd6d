#!/bin/sh
# enter.sh ROOT NAME: makes ROOT the root of what follows. Expects fresh mount, PID and UTS namespaces.
set -eu
root=$1

mount --make-rprivate /
hostname "$2"
mount --rbind /usr "$root/usr"
mount -o remount,bind,ro "$root/usr"
mount --bind "$root/.sim/tools" "$root/usr/local/sbin"
if [ -d "$root/usr/lib/modprobe.d" ]; then mount --bind "$root/.sim/empty" "$root/usr/lib/modprobe.d"; fi
for device in null zero random urandom tty; do mount --bind "/dev/$device" "$root/dev/$device"; done
mount -t proc proc "$root/proc"
mount --bind "$root/.sim/proc/cmdline" "$root/proc/cmdline"
mount --bind "$root/.sim/proc/cpuinfo" "$root/proc/cpuinfo"
mount --bind "$root/.sim/proc/boot_id" "$root/proc/sys/kernel/random/boot_id"
exec chroot "$root" /bin/sh /.sim/init.sh
