# The restore drill: `@dump MADE NAME`, `@status STATUS SECONDS`, `@data TABLE`, `@complaint TEXT`, `@restored TABLE ROWS`, `@live TABLE ROWS`.
[ -n "$ZEBU_SET_BACKUP_FOLDER" ] || { echo 'backups.folder is not declared' >&2; exit 4; }
cd "$ZEBU_SET_BACKUP_FOLDER" || exit 4
dump=$(find . -maxdepth 1 -type f -name "$ZEBU_SET_BACKUP_PATTERN" -printf '%T@ %f\n' | sort -n | tail -n 1 | cut -d' ' -f2-)
[ -n "$dump" ] || { echo 'there is no dump' >&2; exit 4; }
image=$(docker inspect -f '{{.Image}}' "$ZEBU_DB_CONTAINER") || exit 5
now=$(date +%s)
# What a drill that was cut off left behind; one that runs beside this one is younger than a drill may last.
docker ps -a --filter name='^zebu-drill-' --filter label=zebu.readiness.drill --format '{{.ID}} {{.Label "zebu.readiness.drill"}}' |
  while read -r id began; do
    case $began in ''|*[!0-9]*) continue ;; esac
    [ "$((now - began))" -le 180 ] || docker rm -f -v "$id" >/dev/null 2>&1
  done
name=zebu-drill-$$-$now
log=$(mktemp) || exit 5
finish() { docker rm -f -v "$name" >/dev/null 2>&1; rm -f "$log"; }
trap finish EXIT; trap 'exit 130' INT TERM HUP
password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
# The image's own start scripts belong to the application: an empty folder stands in for them.
POSTGRES_PASSWORD=$password docker run -d --pull never --name "$name" --network none --memory 1g --cpus 1 --pids-limit 256 --restart no \
  --label "zebu.readiness.drill=$now" --tmpfs /docker-entrypoint-initdb.d -e POSTGRES_PASSWORD -e POSTGRES_USER=drill -e POSTGRES_DB=drill "$image" >/dev/null || exit 5
inside() { docker exec -i "$name" "$@"; }
for _ in $(seq 120); do inside pg_isready -q -h 127.0.0.1 -U drill 2>/dev/null && break; sleep 0.5; done
inside pg_isready -q -h 127.0.0.1 -U drill || { echo 'the throwaway database did not start' >&2; exit 5; }
printf '@dump %s %s\n' "$(stat -c %Y "$dump")" "$dump"
began=$(date +%s)
case $(head -c 5 "$dump" | tr -d '\0') in
  PGDMP) inside pg_restore --no-owner --no-privileges --exit-on-error -U drill -d drill < "$dump" > "$log" 2>&1; status=$? ;;
  *) case $dump in *.gz) gzip -dc "$dump" ;; *.zst) zstd -dc "$dump" ;; *) cat "$dump" ;; esac |
       inside psql -Xq -v ON_ERROR_STOP=1 -U drill -d drill > "$log" 2>&1; status=$? ;;
esac
printf '@status %s %s\n' "$status" "$(($(date +%s) - began))"
# Of which tables the dump has data, if only no rows: a table that was empty then may have rows now.
case $(head -c 5 "$dump" | tr -d '\0') in
  PGDMP) inside pg_restore --list < "$dump" | sed -n 's/^[0-9]*; [0-9]* [0-9]* TABLE DATA \([^ ]*\) \([^ ]*\) .*/@data \1.\2/p' ;;
  *) case $dump in *.gz) gzip -dc "$dump" ;; *.zst) zstd -dc "$dump" ;; *) cat "$dump" ;; esac |
       sed -n 's/^COPY \([^ ]*\.[^ ]*\) (.*) FROM stdin;$/@data \1/p' | tr -d '"' ;;
esac
tail -n 1 "$log" | cut -c1-200 | sed 's/^/@complaint /'
count="SELECT n.nspname || '.' || c.relname, (xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM %I.%I', n.nspname, c.relname), false, true, '')))[1]::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r','p') AND n.nspname NOT IN ('pg_catalog','information_schema') ORDER BY 1"
inside psql -XAtq -F ' ' -U drill -d drill -c "$count" | sed 's/^/@restored /'
docker exec -i -e PGOPTIONS='-c default_transaction_read_only=on -c statement_timeout=30000' "$ZEBU_DB_CONTAINER" \
  psql -XAtq -F ' ' -U "$ZEBU_DB_ADMIN" -d "$ZEBU_DB_NAME" -c "$count" | sed 's/^/@live /'
