# Where the machine's address comes from: lines `key=value`; `lease` and `left` may come several times.
# Clients differ in what they leave: the route's protocol, the address's lifetime, a lease that is alive, a running process.
command -v ip >/dev/null || exit 127
routes=$(ip -4 route show default)
route=$(printf '%s\n' "$routes" | head -n 1)
device=$(printf '%s\n' "$routes" | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
echo "gateway=$(printf '%s\n' "$routes" | sed -n 's/.* via \([^ ]*\).*/\1/p' | head -n 1)"
echo "protocol=$(printf '%s\n' "$route" | sed -n 's/.* proto \([^ ]*\).*/\1/p')"
echo "device=$device"
[ -n "$device" ] || exit 0
# Of several addresses, the one that it speaks with; nothing is sent by asking for a route.
address=$(quiet ip -4 route get 1.1.1.1 oif "$device" | sed -n 's/.* src \([^ ]*\).*/\1/p' | head -n 1)
lines=$(ip -4 -o addr show dev "$device" scope global)
[ -n "$address" ] || address=$(printf '%s\n' "$lines" | sed -n 's/.* inet \([^ /]*\).*/\1/p' | head -n 1)
echo "address=$address"
line=$(printf '%s\n' "$lines" | awk -v address="$address" '{ split($4, part, "/"); if (part[1] == address) print }' | head -n 1)
echo "lifetime=$(printf '%s\n' "$line" | sed -n 's/.* valid_lft \([^ ]*\).*/\1/p')"
perl -e "$ZEBU_PERL" "$device" "$(ip -o link show dev "$device" | cut -d: -f1)" "$address"
# A client that is told of other devices, or asks for IPv6 alone, is none of this address's. What dhcpcd got has a lifetime.
clients=$(quiet ps -eo comm=,args= | awk -v device="$device" '$1 ~ /^(dhclient|udhcpc)$/ { ours = 0; six = 0
  for (i = 3; i <= NF; i++) { if ($i == device) ours = 1; if ($i == "-6") six = 1 } if (ours && !six) print $1 }' | sort -u | tr '\n' ' ')
echo "client=$clients"
