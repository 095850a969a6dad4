#!/bin/sh
# A machine of its own on this one: processes, mounts, name and groups of its own over a copy of / that is thrown away with
# them. Only the network is shared, and its sshd listens on loopback. Run as root in new namespaces by start-linux-machine.ts:
#
#   linux-machine.sh <systemd|bare> <work dir> <shared dir>
#
# systemd: with systemd, journald and logind, as distributions have it. bare: sshd and a text log, and nothing else.
# What lies in the shared dir is at /srv/shared inside; setup.sh there is run before anything is started.
set -eu
kind=$1 work=$2 shared=$3
# By its number outside, as this /proc still tells it.
read -r pid _ </proc/self/stat
echo "$pid" >"$shared/pid"
root=$work/root
mkdir -p "$work/layer" "$root"
mount -t tmpfs -o mode=755 tmpfs "$work/layer"
mkdir "$work/layer/upper" "$work/layer/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/layer/upper,workdir=$work/layer/work" "$root"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,ro,bind "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for dir in run dev; do mount -t tmpfs -o mode=755 tmpfs "$root/$dir"; done
mount -t tmpfs tmpfs "$root/tmp"
for name in null zero full random urandom tty; do
  touch "$root/dev/$name"
  mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/run/lock" "$root/run/sshd"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mkdir -p "$root/srv/shared"
mount --bind "$shared" "$root/srv/shared"
chroot "$root" sh -eu /srv/shared/setup.sh
path=/usr/sbin:/usr/bin:/sbin:/bin
if [ "$kind" = bare ]; then
  exec chroot "$root" env -i PATH=$path sh -c 'rsyslogd -n -i NONE & exec /usr/sbin/sshd -D'
fi
# Nothing but what a login needs.
printf '%s\n' '[Unit]' 'Requires=ssh.service' 'Wants=systemd-logind.service systemd-user-sessions.service dbus.service' \
  'After=ssh.service systemd-user-sessions.service' >"$root/etc/systemd/system/machine.target"
exec chroot "$root" env -i PATH=$path container=latchkey /lib/systemd/systemd --unit=machine.target
