# What the machine reaches: lines `key=value`; `peer` and `neighbour` may come several times.
command -v ip >/dev/null || exit 127
export RES_OPTIONS='timeout:1 attempts:2'
found=    # of behind and first
knock() { perl -e "$ZEBU_PERL" "$1"; }
host=${ZEBU_SET_OUTBOUND#https://}; host=${host%%/*}
[ -n "$(quiet getent ahosts "${host%%:*}")" ] && echo names=1 || echo names=0
if command -v curl >/dev/null; then
  # What it says goes where ours goes, what it complains of is a line of its own.
  { complaint=$(curl -sS -o /dev/null --max-time 5 -w 'https=%{http_code}\n' "$ZEBU_SET_OUTBOUND" 2>&1 >&4); } 4>&1
  first "$complaint"
  [ -z "$found" ] || printf 'complaint=%s\n' "$found"
elif command -v wget >/dev/null; then
  wget -q -O /dev/null --timeout=5 --tries=1 "$ZEBU_SET_OUTBOUND"; case $? in 0|8) echo https=200 ;; *) echo https=000 ;; esac
else echo https=unseen
fi
# A gateway is known as a neighbour once something went its way: a request has, now. A link without neighbours has none.
routes=$(ip -4 route show default)
behind via "$routes"; gateway=$found
behind dev "$routes"; device=$found
has_no_neighbours() { case $(ip link show dev "$device") in *[\<,]NOARP[,\>]* | *[\<,]POINTOPOINT[,\>]*) ;; *) return 1 ;; esac; }
if [ -n "$device" ] && { [ -z "$gateway" ] || has_no_neighbours; }; then echo gateway=unseen
else echo "gateway=$(quiet ip neigh show "$gateway" | grep -c lladdr)"; fi
for peer in $ZEBU_SET_PEERS; do if knock "$peer"; then echo "peer=$peer 1"; else echo "peer=$peer 0"; fi; done
for neighbour in $(quiet ip -4 neigh show nud reachable nud stale nud delay | awk '!/ dev (docker|br-|veth)/ { print $1 }'); do echo "neighbour=$neighbour"; done
