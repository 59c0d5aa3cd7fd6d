#!/bin/sh
# The first process of a simulated host: starts sshd, ends everything at a reboot, and waits to be told to boot again.
# Runs in namespaces of its own (see enter.sh). Its standard input ends when whoever started the host has gone.
set -u

exec 3<>/.sim/events

start_sshd() {
  /usr/bin/rm -f /run/sshd.pid
  /usr/sbin/sshd -E /.sim/sshd.log
  while [ ! -s /run/sshd.pid ]; do sleep 0.01; done
}

# A loop, because what a shell executes last would replace it, and its arguments are what counts: QEMU's own.
start_vm() {
  /usr/bin/mkdir -p /run/qemu-server
  sh -c 'while :; do sleep 3600; done' kvm -id "$1" -device "vfio-pci,host=$2,id=hostpci0" </dev/null >/dev/null 2>&1 &
  echo "$!" >"/run/qemu-server/$1.pid"
}

watch_owner() { (cat >/dev/null && echo quit >/.sim/events) <&4 & }

exec 4<&0 </dev/null
watch_owner
start_sshd && echo up
while read -r event one two <&3; do
  case $event in
  boot) start_sshd && echo up ;;
  vm) start_vm "$one" "$two" && echo vm ;;
  reboot)
    kill -9 -1
    # At once: the owner may go while the host is down.
    watch_owner
    /usr/bin/rm -rf /run/qemu-server /run/tokenrack-reboot.pid
    echo down
    ;;
  quit) exit 0 ;;
  esac
done
