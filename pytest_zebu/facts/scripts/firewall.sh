# The packet filter in force, and what brings it back at boot.
# `@rules FAMILY TOOL STATUS`, `@nft STATUS EXTENT`, `@sets STATUS`, `@routes FAMILY STATUS`, `@addresses STATUS` and `@links STATUS`
# stand before what their tools say; `@boot` before lines `key=value`; `@mention PATH` and `@restored FAMILY PATH` for themselves;
# `@file SIZE PATH` before a file's lines, each behind a blank.
command -v iptables-save >/dev/null || command -v nft >/dev/null || exit 127
most=300000

say() {  # RECORD COMMAND...: the record with the status, then what the command says
  record=$1; shift
  said=$(quiet "$@"); status=$?
  echo "$record $status"
  [ -z "$said" ] || printf '%s\n' "$said"
}

# Without a table's name nothing is loaded that is not there yet.
matches_sets=; shown=
for family in 4 6; do
  case $family in 4) prefix=ip ;; *) prefix=ip6 ;; esac
  if command -v ${prefix}tables-nft-save >/dev/null; then tool=${prefix}tables-nft-save; else tool=${prefix}tables-save; fi
  if command -v $tool >/dev/null; then
    say "@rules $family $tool" $tool
    [ "$status" != 0 ] || shown="$shown@rules $family
$said
"
    case $said in *--match-set*) matches_sets=yes ;; esac
  fi
  if [ $tool != ${prefix}tables-save ] && [ -n "$(quiet cat /proc/net/${prefix}_tables_names)" ]; then
    say "@rules $family ${prefix}tables-legacy-save" ${prefix}tables-legacy-save
    [ "$status" != 0 ] || shown="$shown@rules $family
$said
"
    case $said in *--match-set*) matches_sets=yes ;; esac
  fi
done
if command -v nft >/dev/null; then
  said=$(quiet nft -j list ruleset); status=$? extent=whole
  if [ ${#said} -gt 1000000 ]; then said=$(quiet nft -t -j list ruleset); status=$? extent=terse; fi
  echo "@nft $status $extent"
  # What is not shorter is told as it is.
  short=$([ "$status" != 0 ] || printf '%s\n%s%s' "${#shown}" "$shown" "$said" | quiet perl -e "$ZEBU_PERL")
  printf '%s\n' "${short:-$said}"
fi
if [ -n "$matches_sets" ]; then
  # Of each set: its first members, how many there are, and what share of all addresses they are together.
  said=$(quiet ipset save); status=$?
  echo "@sets $status"
  printf '%s\n' "$said" | awk '
    $1 == "create" { print; up[$2] = 0; for (i = 3; i <= NF; i++) if ($i == "inet6") up[$2] = 3 }
    $1 == "add" {
      count[$2]++; sign = $0 ~ / nomatch/ ? -1 : 1
      if (sign > 0 && count[$2] <= 200) print $1, $2, $3
      member = $3; sub(/,.*/, "", member)
      bound = split(member, part, "/") > 1 ? part[2] : up[$2] ? 128 : 32
      # Private addresses are no stranger'"'"'s.
      if (bound < 8 || member !~ /^(10|127|192\.168|169\.254|172\.(1[6-9]|2[0-9]|3[01]))\.|^f[cd][0-9a-f]*:|^fe80:/)
        share[$2] += sign * 2 ^ (up[$2] - bound)
    }
    END { for (name in up) printf "size %s %d %.12f\n", name, count[name], share[name] }'
fi
say "@routes 4" ip -4 -o route show table all default
say "@routes 6" ip -6 -o route show table all default
say @addresses ip -o addr show
say @links ip -o link show

shown() {  # PATH: a file, cut where it is long
  [ -f "$1" ] || return 0
  echo "@file $(wc -c <"$1") $1"
  head -c $most "$1" | sed 's/^/ /'; echo
}

included() {  # PATH: the files that a file of nft includes
  quiet sed -n 's/^[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$1" | while read -r pattern; do
    case $pattern in /*) ;; *) pattern=/etc/$pattern ;; esac
    for path in $pattern; do [ ! -f "$path" ] || echo "$path"; done
  done
}

echo @boot
# What is kept for boot is for the machine's own network, and can only be compared with what is in force there.
if [ /proc/self/ns/net -ef /proc/1/ns/net ]; then echo network=own; else echo network=other; fi
# Most are not there, which one question tells of all; without its answer each is asked for.
set -- ufw nftables netfilter-persistent firewalld shorewall shorewall6 ferm csf firehol arno-iptables-firewall
absent=$(quiet systemctl show -p Id -p LoadState "$@" | awk -F= '$1 == "Id" { id = $2 } $1 == "LoadState" && $2 == "not-found" { sub(/\.service$/, "", id); found = found " " id } $0 == "" { id = "" } END { print found " " }')
there() { case $absent in *" $1 "*) return 1 ;; esac; }
for unit in "$@"; do
  echo "$unit=$(! there "$unit" || quiet systemctl is-enabled "$unit")"
done
if there firewalld; then echo "firewalld_active=$(quiet systemctl is-active firewalld)"; else echo firewalld_active=inactive; fi
if [ -f /etc/ufw/ufw.conf ]; then
  echo "ufw_enabled=$(sed -n 's/^[[:space:]]*ENABLED=//p' /etc/ufw/ufw.conf | tail -n 1)"
  quiet cat /etc/default/ufw | awk '{ sub(/^[ \t\r\f\v]*/, "") } /^(IPV6|DEFAULT_INPUT_POLICY)=/ { name = $0; sub(/=.*/, "", name); said[name] = substr($0, length(name) + 2) }
    END { print "ufw_IPV6=" said["IPV6"]; print "ufw_DEFAULT_INPUT_POLICY=" said["DEFAULT_INPUT_POLICY"] }'
fi
for plugin in 15-ip4tables 25-ip6tables; do
  [ ! -x /usr/share/netfilter-persistent/plugins.d/$plugin ] || echo "$plugin=there"
done
echo "firewalld_zone=$(quiet sed -n 's/^DefaultZone=//p' /etc/firewalld/firewalld.conf | tail -n 1)"

conf=$(quiet sed -n 's/^ExecStart=.*-f[[:space:]]*\([^[:space:]]*\).*/\1/p' /lib/systemd/system/nftables.service \
  /etc/systemd/system/nftables.service /etc/systemd/system/nftables.service.d/*.conf | awk 'NF { found = $0 } END { print found }')
conf=${conf:-/etc/nftables.conf}
echo "nftables_file=$conf"
for path in /etc/iptables/rules.v4 /etc/iptables/rules.v6 "$conf"; do shown "$path"; done
included "$conf" | while read -r path; do
  shown "$path"
  included "$path" | while read -r deeper; do shown "$deeper"; done
done
for path in /etc/firewalld/zones/*.xml /usr/lib/firewalld/zones/trusted.xml; do shown "$path"; done

# Other things that bring rules back: they count where they are run.
runs='ip6?tables(-nft|-legacy)?-(restore|apply)|nft[[:space:]]+(-[a-z]+[[:space:]]+)*-f|ip6?tables[[:space:]].*-[AIP][[:space:]]'
{
  [ ! -x /sbin/ifup ] || for path in /etc/network/interfaces /etc/network/interfaces.d/*; do echo "$path"; done
  [ ! -x /sbin/ifup ] || for path in /etc/network/if-*up.d/*; do [ ! -x "$path" ] || echo "$path"; done
  [ ! -x /etc/rc.local ] || echo /etc/rc.local
  for path in /etc/networkd-dispatcher/*.d/*; do [ ! -x "$path" ] || echo "$path"; done
  grep -lsE '^[[:space:]]*@reboot' /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/*
  grep -lsE "$runs" /etc/systemd/system/*.service | while read -r path; do
    case ${path##*/} in nftables.service | netfilter-persistent.service | ufw.service) continue ;; esac
    [ "$(quiet systemctl is-enabled "${path##*/}")" != enabled ] || echo "$path"
  done
} | while read -r path; do
  # All at once it is asked which of them have such a line, comments among them.
  printf '%s\0' "$path"
done | xargs -0r grep -lsE "$runs" -- | while read -r path; do
  grep -sv '^[[:space:]]*#' "$path" | grep -qE "$runs" || continue
  echo "@mention $path"
  grep -v '^[[:space:]]*#' "$path" | grep -oE '(ip6?tables(-nft|-legacy)?-restore|nft[[:space:]]+-f)[^|;&]*' | while read -r command rest; do
    case $command in ip6*) family=6 ;; ip*) family=4 ;; *) family=nft ;; esac
    file=$(printf '%s\n' "$rest" | grep -oE '/[^ <>"]+' | tail -n 1)
    [ -f "$file" ] || continue
    echo "@restored $family $file"
    shown "$file"
  done
done
exit 0
