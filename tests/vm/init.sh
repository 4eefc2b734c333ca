#!/bin/busybox sh
# The guest's first program: the host's root, read-only, under a layer in memory; then tests/vm/guest.py as root in there.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
for word in $($b cat /proc/cmdline); do
    case $word in
        endcap.python=*) python=${word#*=} ;;
        endcap.root=*) root=${word#*=} ;;
    esac
done
for module in /modules/*; do $b insmod "$module"; done
# Nothing of the host changes while the guest runs: what was read once need not be asked for again.
options=trans=virtio,version=9p2000.L,cache=loose,msize=512000,ro
$b mount -t 9p -o $options host /host
$b mount -t 9p -o $options own /own
$b mount -t tmpfs tmpfs /fresh
$b mkdir /fresh/upper /fresh/work
$b mount -t overlay -o lowerdir=/own:/host,upperdir=/fresh/upper,workdir=/fresh/work overlay /new
for folder in proc sys dev; do $b mount --move /$folder /new/$folder; done
$b mount -t tmpfs tmpfs /new/run
$b mount -t tmpfs tmpfs /new/tmp
$b ip link set lo up
cd /new
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
# `exec`: the first process shares its root with the kernel's threads, which call modprobe when a function is asked for.
exec $b chroot . /bin/sh -c "cd $root && $python -m tests.vm.guest; echo guest: ended with \$?; busybox poweroff -f"
