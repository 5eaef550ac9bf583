# What the machine runs on: lines `key=value`, of which `virt` always is there. What firmware says stands for a machine of its own
# only: in a container it is the host's, and is not asked.
inside=$(quiet cat /run/systemd/container)
[ -n "$inside" ] || inside=$(quiet tr '\0' '\n' < /proc/1/environ | sed -n 's/^container=//p' | head -n 1)
[ -n "$inside" ] || { [ ! -e /.dockerenv ] || inside=docker; }
echo "container=$(printf '%s' "$inside" | cut -c1-40)"
if [ -z "$inside" ]; then
  echo "vm=$(quiet systemd-detect-virt --vm)"
  for name in sys_vendor product_name bios_vendor; do echo "$name=$(quiet head -c 120 /sys/class/dmi/id/$name | tr -d '\n')"; done
  [ ! -e /dev/virtio-ports/org.qemu.guest_agent.0 ] || echo agent=1
fi
# Of the card's address, who made it: the rest is its own.
device=$(quiet ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
[ -z "$device" ] || echo "maker=$(quiet cut -c1-8 "/sys/class/net/$device/address")"
echo 'virt=told'
