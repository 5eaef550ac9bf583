# Where the machine's address comes from: lines `key=value`; `lease` may come several times.
# Clients differ in what they leave: the route's protocol, the address's lifetime, a lease file, a running process.
command -v ip >/dev/null || exit 127
route=$(ip -4 route show default | head -n 1)
device=$(printf '%s\n' "$route" | sed -n 's/.* dev \([^ ]*\).*/\1/p')
echo "gateway=$(printf '%s\n' "$route" | sed -n 's/.* via \([^ ]*\).*/\1/p')"
echo "protocol=$(printf '%s\n' "$route" | sed -n 's/.* proto \([^ ]*\).*/\1/p')"
echo "device=$device"
[ -n "$device" ] || exit 0
line=$(ip -4 -o addr show dev "$device" scope global | head -n 1)
address=$(printf '%s\n' "$line" | sed -n 's/.* inet \([^ /]*\).*/\1/p')
echo "address=$address"
echo "lifetime=$(printf '%s\n' "$line" | sed -n 's/.* valid_lft \([^ ]*\).*/\1/p')"
for file in /var/lib/dhcp/*lease* /var/lib/dhcpcd*/*lease* /var/lib/NetworkManager/*lease* /run/systemd/netif/leases/* /var/lib/systemd/network/*lease*; do
  if [ -f "$file" ] && grep -aqF "$address" "$file" 2>/dev/null; then echo "lease=$file"; fi
done
clients=$(ps -eo comm=,args= 2>/dev/null | awk -v device="$device" '$1 ~ /^(dhclient|dhcpcd|udhcpc)$/ && index($0, device) { print $1 }' | sort -u | tr '\n' ' ')
echo "client=$clients"
