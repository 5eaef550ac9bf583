# Restores a dump into a throwaway database: `@dump MADE NAME`, `@status STATUS SECONDS`, `@data TABLE`, `@complaint TEXT`, `@copy same|other|absent`,
# `@restored TABLE ROWS`, `@live TABLE ROWS`.
cd "$ZEBU_SET_BACKUP_FOLDER" || exit 4
dump=./$(printf '%s' "$ZEBU_DUMP" | perl -pe 's/%([0-9A-F]{2})/chr hex $1/ge')
[ -e "$dump" ] || { echo 'the dump is gone' >&2; exit 4; }
kind=$(perl -e "$ZEBU_PERL" kind "$dump") || exit 5
layers=${kind#"${kind%% *}"}
kind=${kind%% *}
work=$(mktemp -d) || exit 5
log=$work/log
trap 'rm -rf "$work"' EXIT; trap 'exit 130' INT TERM HUP
inside() { docker exec -i "$ZEBU_THROWAWAY" "$@"; }
there() { docker exec -i -e PGOPTIONS='-c default_transaction_read_only=on -c statement_timeout=30000' "$@"; }
live() {
  live_status=0
  there "$ZEBU_DB_CONTAINER" psql -XAtq -F ' ' -U "$ZEBU_DB_ADMIN" -d "$ZEBU_DB_NAME" "$@" < /dev/null || live_status=$?
  [ "$live_status" = 2 ] || return "$live_status"
  # No connection: as in psql.sh
  # shellcheck disable=SC2016 # for the container's shell
  socket=$(quiet docker exec "$ZEBU_DB_CONTAINER" sh -c 'port=; for one in /var/run/postgresql/.s.PGSQL.* /tmp/.s.PGSQL.*; do [ -S "$one" ] || continue; this=${one##*.}; [ "${port:-$this}" = "$this" ] || exit 0; [ -n "$port" ] || folder=${one%/*}; port=$this; done; [ -z "$port" ] || { [ -z "$PGHOST" ] && [ "$folder $port" = "/var/run/postgresql ${PGPORT:-5432}" ]; } || echo "$folder $port"' < /dev/null)
  [ -n "$socket" ] || return 2
  there -e PGHOST="${socket% *}" -e PGPORT="${socket##* }" "$ZEBU_DB_CONTAINER" psql -XAtq -F ' ' -U "$ZEBU_DB_ADMIN" -d "$ZEBU_DB_NAME" "$@" < /dev/null
}
# Of gzip, 2 is a warning; who is killed, or cannot be started, says nothing of the dump.
stopped() { [ "$1$2" != gzip2 ] || return 0; [ "$2" -lt 124 ] || : > "$work/stopped"; return 1; }
# Without the compressions that it lies in, named from the outside in.
unpacked() {
  if [ $# = 0 ]; then cat < "$dump"; return; fi
  last=; rest=; for layer in "$@"; do rest="$rest $last"; last=$layer; done
  # shellcheck disable=SC2086 # names of programs
  unpacked $rest | { "$last" -dc || stopped "$last" "$?"; }
}
# shellcheck disable=SC2086 # names of programs
plain() { unpacked $layers || : > "$work/broken"; }
printf '@dump %s %s\n' "$(stat -c %Y "$dump")" "$ZEBU_DUMP"
began=$(date +%s)
# Roles belong to the server, and a dump of one database only names them.
[ "$kind" = cluster ] || live -c "SELECT format('CREATE ROLE %I;', rolname) FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> 'drill'" | inside psql -Xq -U drill -d drill >/dev/null 2>&1
# Who needs no more of it reads it to its end nevertheless: what stops it would look as if it broke off.
reading() { "$@"; read_status=$?; [ "$read_status" != 0 ] || cat > /dev/null; return "$read_status"; }
# What does not keep the data from being there: rights of roles that are gone, what every server has, words and settings that this version
# of the program does not know, and what a dump that first removes everything finds removed. What is lacking, the tables and their rows tell.
passed='ERROR: +(role "[^"]*" does not exist|(role|database) "[^"]*" already exists$|database "[^"]*" does not exist$|schema "public" already exists$|language "plpgsql" already exists$|unrecognized configuration parameter)|invalid command \\(un)?restrict'
case $kind in clean|cluster) passed="$passed|ERROR: +(relation|table|schema|sequence|view|materialized view|index|function|procedure|aggregate|type|domain|constraint|extension|publication|trigger|policy|rule|operator|collation|cast|server|column|event trigger|text search [a-z]+) .*does not exist(, skipping)?$" ;; esac
# Runs a restoring command, and keeps of what it says the complaints that matter.
try() { { "$@" 2>&1; echo "$?" > "$work/status"; } | grep -E '(ERROR|FATAL|PANIC):|^pg_restore: (error|fatal)|invalid command|^(psql|docker|Error)' | grep -Ev "$passed" | awk 'n++ < 200' > "$log"; status=$(cat "$work/status"); }
restore='pg_restore --no-owner --no-privileges -U drill -d drill'
from_plain() { plain 2>/dev/null | reading inside "$@"; }
from_folder() { inside mkdir /tmp/zebu-dump && tar -C "$dump" -cf - . | inside tar -C /tmp/zebu-dump -xf - && inside "$@" /tmp/zebu-dump; }
# shellcheck disable=SC2086 # a command of several words
case $kind in
  custom|tar) try from_plain $restore ;;
  directory) try from_folder $restore ;;
  *) try from_plain psql -Xq -U drill -d drill ;;
esac
cannot() { echo "$1" >&2; exit 6; }
case $status in '' | *[!0-9]* | 12[4-9] | 1[3-9][0-9] | 2[0-9][0-9]) cannot "what restores could not run to its end (status ${status:-none})" ;; esac
# What the machine or the throwaway database lacks is no damage of the dump.
lacks='no space left|quota exceeded|out of memory|cannot allocate|could not fork|too many open files|resource temporarily|server closed the connection|connection to server was lost|terminating connection|the database system is|is paused|is not running|no such container'
if grep -Eiq "$lacks" "$log"; then cannot "what restores lacked something: $(grep -Ei "$lacks" "$log" | head -n 1 | cut -c1-200)"; fi
if [ "$status" = 0 ] && [ -e "$work/stopped" ]; then cannot 'what unpacks the dump was killed'; fi
case $status in
  0) [ ! -s "$log" ] || status=3 ;;
  # pg_restore goes on after an error, and counts what it passed over.
  1) case $kind in custom|tar|directory) [ -s "$log" ] || status=0 ;; esac ;;
esac
# What psql reads of a dump that breaks off may be well-formed. Where psql fails, it is psql that stops the unpacking.
if [ "$status" = 0 ] && [ -e "$work/broken" ]; then status=1; echo 'the dump cannot be unpacked to its end' >> "$log"; fi
# Of which tables the dump has data, if only no rows: a table that was empty then may have rows now.
data=$(quiet perl -e "$ZEBU_PERL" data "$dump")
# Plain text that breaks off between two lines is well-formed to its end, too.
case $status$data in 0*'@end missing'*) status=1; echo 'the dump breaks off before its end' >> "$log" ;; esac
printf '@status %s %s\n' "$status" "$(($(date +%s) - began))"
printf '%s\n' "$data" | grep '^@data '
# The first complaint tells most, unless one names an extension that the image lacks.
{ grep -E 'extension|shared_preload_libraries' "$log" | head -n 1; cat "$log"; } | head -n 1 | cut -c1-200 | sed 's/^/@complaint /'
# The copy of it, where that can be read from here; on another machine, it is that one which reads it. The folder has no character that
# a shell would take for its own.
told_there() {
  timeout 60 ssh -o BatchMode=yes -o ConnectTimeout=4 -o StrictHostKeyChecking=yes -o UpdateHostKeys=no -o ControlMaster=no -o RemoteCommand=none \
    -o RequestTTY=no -o PermitLocalCommand=no -o ForwardAgent=no -o ForwardX11=no -o ClearAllForwardings=yes -- "${ZEBU_SET_BACKUP_COPY%%:*}" \
    "sh -c 'cd ${ZEBU_SET_BACKUP_COPY#*:} || exit 66; file=$1; [ -f \"\$file\" ] || file=${1##*/}; [ -f \"\$file\" ] || { echo absent; exit 0; }
      sha256sum < \"\$file\" 2>/dev/null || shasum -a 256 < \"\$file\" 2>/dev/null || sha256 < \"\$file\"'" < /dev/null 2>/dev/null
}
case $ZEBU_SET_BACKUP_COPY in
  /*) if [ -f "$dump" ] && [ -d "$ZEBU_SET_BACKUP_COPY" ]; then
        copy=$ZEBU_SET_BACKUP_COPY/${dump#./}
        [ -f "$copy" ] || copy=$ZEBU_SET_BACKUP_COPY/${dump##*/}
        if [ ! -f "$copy" ]; then echo '@copy absent'; elif cmp -s "$dump" "$copy"; then echo '@copy same'; else echo '@copy other'; fi
      fi ;;
  *:*) case ${dump#./} in
      -* | *[!A-Za-z0-9._/-]*) ;;
      *) if [ -f "$dump" ]; then
          told=$(told_there "${dump#./}" | head -n 1 | cut -c1-64)
          case $told in
            absent) echo '@copy absent' ;;
            *[!0-9a-f]*) ;;
            *) [ ${#told} != 64 ] || { [ "$told" = "$(sha256sum < "$dump" | cut -c1-64)" ] && echo '@copy same' || echo '@copy other'; } ;;
          esac
        fi ;;
    esac ;;
esac
# A dump that makes its database itself has filled that one.
database=drill
inside psql -XAtq -U drill -d drill -c 'SELECT datname FROM pg_database' | grep -Fqx -- "$ZEBU_DB_NAME" && database=$ZEBU_DB_NAME
count="SELECT n.nspname || '.' || c.relname, (xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM %I.%I', n.nspname, c.relname), false, true, '')))[1]::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r','p') AND n.nspname NOT IN ('pg_catalog','information_schema') ORDER BY 1"
# Rows that cannot be counted are none that are known: then nothing is compared.
restored=$(inside psql -XAtq -v ON_ERROR_STOP=1 -F ' ' -U drill -d "$database" -c "$count") || { echo 'the rows that were restored cannot be counted' >&2; exit 6; }
live=$(live -v ON_ERROR_STOP=1 -c "$count") || { echo 'the live rows cannot be counted' >&2; exit 6; }
printf '%s\n' "$restored" | sed -n '/./s/^/@restored /p'
printf '%s\n' "$live" | sed -n '/./s/^/@live /p'
