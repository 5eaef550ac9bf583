# What the machine has: lines `key=value`; sizes in bytes.
# Processors that are online, and that this machine may use: those that were only possible, or belong to the host that a
# container stands on, are none of its own.
counted() { quiet tr ',' '\n' | awk -F- 'NF { count += NF > 1 ? $2 - $1 + 1 : 1 } END { printf "%d", count }'; }
echo "cpus=$(unset OMP_NUM_THREADS OMP_THREAD_LIMIT; nproc --all)"
echo "online=$(quiet cat /sys/devices/system/cpu/online | counted)"
echo "set=$(quiet cat /sys/fs/cgroup/cpuset.cpus.effective | counted)"
echo "quota=$(quiet cat /sys/fs/cgroup/cpu.max)"
sed -n 's/^MemTotal: *\([0-9]*\) kB$/memory_kib=\1/p' /proc/meminfo
echo "memory_limit=$(quiet cat /sys/fs/cgroup/memory.max)"
# The block devices under the file systems are what the hypervisor gave: those of the root, and of where data lies. A mirror
# or several ways to one disk count once, as what they make together. In a container the devices are the host's.
places='/ /var /var/lib/docker /opt /srv'
sources() { for place in $places; do quiet findmnt -nvo SOURCE -T "$place" | tail -n 1; done | sort -u; }
if [ -e /run/systemd/container ] || grep -qsz '^container=' /proc/1/environ; then echo inside=1; else
  sources | while read -r source; do
    echo source
    case $source in
      /dev/*)
        quiet lsblk -bsnpo TYPE,SIZE,KNAME "$source" ||
          quiet lsblk -bsnpo TYPE,SIZE,KNAME "/dev/block/$(quiet stat -c %Hd:%Ld /)" ;;
      ?*/* | *pool* | zroot) echo "disk $(quiet zpool list -Hpo size "${source%%/*}") ${source%%/*}" ;;
    esac
  done | awk 'function close_source(  name) { for (name in made) all[name] = made[name]; if (!mirrors) for (name in disk) all[name] = disk[name]; delete made; delete disk; mirrors = 0 }
    $1 == "source" { close_source(); next } { name = $3 == "" ? $2 : $3 } $1 ~ /^(raid|mpath|dmraid)/ { made[name] = $2; mirrors = 1 } $1 == "disk" && $2 ~ /^[0-9]+$/ { disk[name] = $2 }
    END { close_source(); for (name in all) total += all[name]; printf "disk=%.0f\n", total }'
fi
echo "root=$(df -B1 --output=size / | tail -n 1 | tr -d ' ')"
