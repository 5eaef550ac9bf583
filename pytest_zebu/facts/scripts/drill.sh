# Restores a dump into a throwaway database: `@dump MADE NAME`, `@status STATUS SECONDS`, `@data TABLE`, `@complaint TEXT`, `@restored TABLE ROWS`, `@live TABLE ROWS`.
cd "$ZEBU_SET_BACKUP_FOLDER" || exit 4
dump=./$ZEBU_DUMP
[ -f "$dump" ] || { echo 'the dump is gone' >&2; exit 4; }
case $dump in *.gz) unpack=gzip ;; *.zst) unpack=zstd ;; *) unpack='cat' ;; esac
command -v "$unpack" >/dev/null || { echo "there is no $unpack to unpack the dump with" >&2; exit 5; }
[ "$unpack" = 'cat' ] || unpack="$unpack -dc"
work=$(mktemp -d) || exit 5
log=$work/log
trap 'rm -rf "$work"' EXIT; trap 'exit 130' INT TERM HUP
inside() { docker exec -i "$ZEBU_THROWAWAY" "$@"; }
plain() { $unpack -- "$dump" || : > "$work/broken"; }
printf '@dump %s %s\n' "$(stat -c %Y "$dump")" "$ZEBU_DUMP"
began=$(date +%s)
archive=$(head -c 5 "$dump" | tr -d '\0')
case $archive in
  PGDMP) inside pg_restore --no-owner --no-privileges --exit-on-error -U drill -d drill < "$dump" > "$log" 2>&1; status=$? ;;
  *) plain 2>/dev/null | inside psql -Xq -v ON_ERROR_STOP=1 -U drill -d drill > "$log" 2>&1; status=$? ;;
esac
# What psql reads of a dump that breaks off may be well-formed. Where psql fails, it is psql that stops the unpacking.
if [ "$status" = 0 ] && [ -e "$work/broken" ]; then status=1; echo 'the dump cannot be unpacked to its end' >> "$log"; fi
printf '@status %s %s\n' "$status" "$(($(date +%s) - began))"
# Of which tables the dump has data, if only no rows: a table that was empty then may have rows now.
case $archive in
  PGDMP) inside pg_restore --list < "$dump" | sed -n 's/^[0-9]*; [0-9]* [0-9]* TABLE DATA \([^ ]*\) \([^ ]*\) .*/@data \1.\2/p' ;;
  *) plain 2>/dev/null | sed -n 's/^COPY \([^ ]*\.[^ ]*\) (.*) FROM stdin;$/@data \1/p' | tr -d '"' ;;
esac
tail -n 1 "$log" | cut -c1-200 | sed 's/^/@complaint /'
count="SELECT n.nspname || '.' || c.relname, (xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM %I.%I', n.nspname, c.relname), false, true, '')))[1]::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r','p') AND n.nspname NOT IN ('pg_catalog','information_schema') ORDER BY 1"
# Rows that cannot be counted are none that are known: then nothing is compared.
restored=$(inside psql -XAtq -v ON_ERROR_STOP=1 -F ' ' -U drill -d drill -c "$count") || { echo 'the rows that were restored cannot be counted' >&2; exit 6; }
live=$(docker exec -i -e PGOPTIONS='-c default_transaction_read_only=on -c statement_timeout=30000' "$ZEBU_DB_CONTAINER" \
  psql -XAtq -v ON_ERROR_STOP=1 -F ' ' -U "$ZEBU_DB_ADMIN" -d "$ZEBU_DB_NAME" -c "$count") || { echo 'the live rows cannot be counted' >&2; exit 6; }
printf '%s\n' "$restored" | sed -n '/./s/^/@restored /p'
printf '%s\n' "$live" | sed -n '/./s/^/@live /p'
