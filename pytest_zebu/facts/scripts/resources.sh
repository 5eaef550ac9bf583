# What the machine has: lines `key=value`.
# The block device under the root file system is what the hypervisor gave; a file system may span several devices.
echo "cpus=$(nproc --all)"
sed -n 's/^MemTotal: *\([0-9]*\) kB$/memory_kib=\1/p' /proc/meminfo
source=$(findmnt -nvo SOURCE / 2>/dev/null)
disk=$(lsblk -bsnpo TYPE,SIZE "$source" 2>/dev/null | awk '$1 == "disk" { total += $2 } END { print total + 0 }')
[ "${disk:-0}" -gt 0 ] || disk=$(lsblk -bdnpo SIZE "$source" 2>/dev/null)
echo "disk=${disk:-0}"
echo "root=$(df -B1 --output=size / | tail -n 1 | tr -d ' ')"
