# All of a machine's state that can be listed: records ended by a zero byte, each `KIND<TAB>NAME<TAB>VALUE`.
# What it writes goes to a pipe; it leaves nothing itself.
set -u
tab=$(printf '\t')

# Each line of standard input is a record of a kind; what stands before the first blank is its name.
lines() {
  while IFS= read -r line; do printf '%s\t%s\t%s\0' "$1" "${line%% *}" "$line"; done
}
# All of standard input is one record.
whole() { printf '%s\t%s\t%s\0' "$1" "$2" "$(sha256sum)"; }

# Files of all mounts but the kernel's own. A file's time of change betrays whatever was done to it: contents, owner, mode,
# extended attributes, access lists, capabilities, links. An overlay shows what lies in folders that are listed themselves,
# a container's own files among them.
awk '{ for (i = 7; $i != "-"; i++); if ($(i + 1) !~ /^(proc|sysfs|cgroup2?|mqueue|devpts|nsfs|overlay|securityfs|bpf|debugfs|tracefs|fusectl|hugetlbfs|configfs|autofs)$/) print $5 }' \
  /proc/self/mountinfo | grep -v '^/proc/\|^/sys/' | sort -u | while IFS= read -r place; do
  [ -d "$place" ] || continue
  find "$place" -xdev \( -path /proc -o -path /sys \) -prune -o -printf "file$tab%p$tab%y %m %U:%G %s %T@ %C@ %n %l\\0"
done
# And contents, of what is small: a clock can be turned back.
find / -xdev -type f -size -64k -not -path '/var/lib/docker/*' -print0 | xargs -0 sha256sum -z 2>/dev/null |
  perl -0 -ne 's/\0\z//; my ($sum, $name) = /^\\?(\w+)  (.*)/s or next; print "content\t$name\t$sum\0"'

# What runs and what would run
# That a timer's job is at work just now is the clock's doing: timer and job are told as they are between two of its runs.
timers=$(systemctl list-timers --all --no-legend --no-pager --full | awk '{ print $(NF - 1), $NF }')
{ printf '%s\n' "$timers" | awk '{ print "timed", $2 }'; systemctl list-units --all --plain --no-legend --no-pager --full; } | awk '
  $1 == "timed" { timed[$2]; next }
  $1 ~ /[.]timer$/ && $4 == "running" { $4 = "waiting" }
  ($1 in timed) && $3 == "activating" { $3 = "inactive"; $4 = "dead" }
  $2 != "not-found" { print $1, $2, $3, $4 }' | lines unit
systemctl list-unit-files --no-legend --no-pager --full | lines unit-file
printf '%s\n' "$timers" | lines timer
# Of what runs inside containers, Docker itself tells below. What began after this did was not left by whoever looked before.
own=$(ps -o sid=,etimes= -p $$)
ps -eo pid=,ppid=,user:32=,sid=,etimes=,args= | awk -v own="$own" 'BEGIN { split(own, mine, " ") }
  $2 != 2 && $1 != 2 && $4 != mine[1] && $5 + 0 >= mine[2] + 0 { name = $6; sub(/:$/, "", name); print name, $3 }' | sort -u | lines process
for one in /proc/[0-9]*/limits; do pid=${one#/proc/}; pid=${pid%/limits}; [ "$pid" = 1 ] && sha256sum < "$one" | whole limits init; done

# The kernel
sysctl -a 2>/dev/null | sed 's/ = /=/; s/=/ /' | lines sysctl
awk '{ root = $4; point = $5; options = $6; for (i = 7; $i != "-"; i++); print point, root, options, $(i + 1), $(i + 2), $(i + 3) }' /proc/self/mountinfo | sort | lines mount
awk 'NR > 1' /proc/swaps | lines swap
for what in address link rule neighbour; do [ "$what" = neighbour ] || ip -o "$what" show 2>/dev/null | sed 's/ valid_lft .*//' | lines "$what"; done
{ ip -o route show table all; ip -o -6 route show table all; } 2>/dev/null | sed 's/ expires [^ ]*//' | sort | lines route
ss -Hlntu | awk '{ print $1 "/" $5 }' | sort -u | lines listener
nft list ruleset 2>/dev/null | sed -E 's/packets [0-9]+ bytes [0-9]+//; s/ expires [0-9a-z]+//' | whole firewall nft
for table in iptables ip6tables; do
  command -v $table-save >/dev/null && $table-save 2>/dev/null | sed -E '/^#/d; s/\[[0-9]+:[0-9]+\]//' | whole firewall $table
done
sshd -T 2>/dev/null | whole service sshd
fail2ban-client banned 2>/dev/null | whole service fail2ban

# Docker
docker info >/dev/null 2>&1 || exit 0
ids=$(docker ps -aq --no-trunc)
for id in $ids; do
  docker inspect -f '{{.Name}} {{.Id}} {{.Image}} {{.State.Status}} {{.State.Pid}} {{.State.StartedAt}} {{.State.FinishedAt}} {{.RestartCount}}{{with .State.Health}} {{.Status}}{{end}}' "$id" | lines container
  docker inspect -f '{{json .Config}} {{json .HostConfig}} {{json .Mounts}}' "$id" | whole container-config "$id"
done
docker image ls -a --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}' | sort | lines image
docker volume ls -q | while read -r name; do docker volume inspect -f '{{.Name}} {{.Driver}} {{json .Labels}} {{json .Options}}' "$name"; done | lines volume
docker network ls -q --no-trunc | while read -r id; do docker network inspect -f '{{.Name}} {{.Id}} {{json .Containers}} {{json .Options}} {{json .IPAM}}' "$id"; done | lines network
docker plugin ls --no-trunc | whole docker plugins

# The database: what is in it, and who may what. Statistics are its own.
docker inspect zebu-db-1 >/dev/null 2>&1 || exit 0
ask() { docker exec zebu-db-1 psql -XAtq -U zebu_admin -d zebu "$@"; }
docker exec zebu-db-1 pg_dump -U zebu_admin -s zebu | grep -v '^.restrict\|^.unrestrict' | whole database schema
docker exec zebu-db-1 pg_dumpall -U zebu_admin -g | grep -v '^.restrict\|^.unrestrict' | whole database roles
ask -F ' ' -c "SELECT format('SELECT %L, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM %I.%I t', schemaname || '.' || tablename, schemaname, tablename)
  FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1" | sed 's/$/;/' | docker exec -i zebu-db-1 psql -XAtq -F ' ' -U zebu_admin -d zebu | lines table
ask -F ' ' -c 'SELECT schemaname || chr(46) || sequencename, last_value FROM pg_sequences ORDER BY 1' | lines sequence
ask -F ' ' -c 'SELECT name, setting, source FROM pg_settings ORDER BY 1' | lines setting
ask -F ' ' -c 'SELECT oid, pg_get_userbyid(lomowner) FROM pg_largeobject_metadata' | lines large-object
ask -F ' ' -c 'SELECT datname, datallowconn, datconnlimit FROM pg_database' | lines base
ask -F ' ' -c 'SELECT slot_name, active FROM pg_replication_slots' | lines slot
ask -F ' ' -c 'SELECT gid, owner FROM pg_prepared_xacts' | lines prepared

# What Redis has, without what it counts. While it saves, it tells its settings in another order: they are sorted.
redis() { docker exec zebu-redis-1 redis-cli "$@"; }
redis --scan | sort | while IFS= read -r key; do printf '%s %s\n' "$key" "$(redis --no-raw dump "$key" < /dev/null | sha256sum)"; done | lines key
redis config get '*' | paste - - | sort | whole redis settings
redis acl list | whole redis users
