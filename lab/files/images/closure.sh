#!/bin/sh
# Print a tar of a minimal root file system: busybox, and the named files with the libraries that they need.
set -eu
root=$(mktemp -d)
mkdir -p "$root/bin" "$root/tmp" "$root/data" "$root/var/log/nginx" "$root/var/lib/nginx" "$root/run"
chmod 1777 "$root/tmp"
cp /bin/busybox "$root/bin/busybox"
chroot "$root" /bin/busybox --install -s /bin
for path in /etc/passwd /etc/group /etc/nsswitch.conf /etc/os-release "$@"; do
  cp -a --parents -L "$path" "$root"
  [ -d "$path" ] || ldd "$path" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
    cp --parents -L "$library" "$root"
  done
done
tar -C "$root" -c .
