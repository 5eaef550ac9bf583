# What listens on UDP, as ss shows it; nothing only where the kernel's own tables have nothing either.
said=$(ss -Hlunp) || exit $?
if [ -n "$said" ]; then printf '%s\n' "$said"; exit 0; fi
kept=$(cat /proc/net/udp) || exit 1
[ ! -e /proc/net/udp6 ] || { more=$(cat /proc/net/udp6) || exit 1; kept="$kept
$more"; }
printf '%s\n' "$kept" | awk '$4 == "07" { found++ } END { exit found > 0 }' || { echo 'ss shows nothing on UDP, and the kernel has some' >&2; exit 1; }
