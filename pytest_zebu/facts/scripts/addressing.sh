# Where the machine's address comes from: lines `key=value`; `lease` and `left` may come several times.
# Clients differ in what they leave: the route's protocol, the address's lifetime, a lease that is alive, a running process.
command -v ip >/dev/null || exit 127
found=    # of behind and first
routes=$(ip -4 route show default)
behind dev "$routes"; device=$found
behind via "$routes"; echo "gateway=$found"
first "$routes"
behind proto "$found"; echo "protocol=$found"
echo "device=$device"
[ -n "$device" ] || exit 0
# Of several addresses, the one that it speaks with; nothing is sent by asking for a route.
behind src "$(quiet ip -4 route get 1.1.1.1 oif "$device")"; address=$found
lines=$(ip -4 -o addr show dev "$device" scope global)
[ -n "$address" ] || { behind inet "$lines"; address=${found%%/*}; }
echo "address=$address"
line=$(printf '%s\n' "$lines" | awk -v address="$address" '{ split($4, part, "/"); if (part[1] == address && !count++) print }')
behind valid_lft "$line"; echo "lifetime=$found"
index=$(ip -o link show dev "$device")
perl -e "$ZEBU_PERL" "$device" "${index%%:*}" "$address"
# A client that is told of other devices, or asks for IPv6 alone, is none of this address's. What dhcpcd got has a lifetime.
clients=$(quiet ps -eo comm=,args= | awk -v device="$device" '$1 ~ /^(dhclient|udhcpc)$/ { ours = 0; six = 0
  for (i = 3; i <= NF; i++) { if ($i == device) ours = 1; if ($i == "-6") six = 1 } if (ours && !six) runs[$1] = 1 }
  END { if ("dhclient" in runs) printf "dhclient "; if ("udhcpc" in runs) printf "udhcpc " }')
echo "client=$clients"
