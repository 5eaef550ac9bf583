# The newest dump: `@none`, or `@dump SIZE NAME`, `@kind WORD`, `@entries STATUS TABLES`, `@read STATUS`.
# A dump is read to its end where it is small enough: the table of contents of one that was cut short looks whole.
[ -n "$ZEBU_SET_BACKUP_FOLDER" ] || exit 4
cd "$ZEBU_SET_BACKUP_FOLDER" || exit 4
dump=$(find . -maxdepth 1 -type f -name "$ZEBU_SET_BACKUP_PATTERN" -printf '%T@ %f\n' | sort -n | tail -n 1 | cut -d' ' -f2-)
[ -n "$dump" ] || { echo '@none'; exit 0; }
size=$(stat -c %s "$dump")
echo "@dump $size $dump"
[ "$size" -gt 0 ] || { echo '@kind empty'; exit 0; }
plain() { case $dump in *.gz) gzip -dc "$dump" ;; *.zst) zstd -dc "$dump" ;; *.xz) xz -dc "$dump" ;; *) cat "$dump" ;; esac; }
case $(head -c 5 "$dump" | tr -d '\0') in
  PGDMP)
    echo '@kind custom'
    entries=$(docker exec -i "$ZEBU_DB_CONTAINER" pg_restore --list < "$dump" 2>/dev/null); status=$?
    printf '@entries %s %s\n' "$status" "$(printf '%s\n' "$entries" | grep -c 'TABLE DATA')"
    if [ "$size" -le 268435456 ]; then
      docker exec -i "$ZEBU_DB_CONTAINER" pg_restore -f /dev/null < "$dump" >/dev/null 2>&1; echo "@read $?"
    fi ;;
  *)
    echo '@kind plain'
    if [ "$size" -le 268435456 ]; then
      tail=$(plain 2>/dev/null | tail -c 400); status=$?
      case $tail in *'PostgreSQL database dump complete'*|*'PostgreSQL database cluster dump complete'*) echo '@read 0' ;; *) echo '@read 1' ;; esac
    else
      case $dump in *.gz) gzip -t "$dump" 2>/dev/null; echo "@read $?" ;; esac
    fi ;;
esac
