# Shared: psql in the database's own container, read-only and with a time limit. What comes from the machine travels as
# arguments and environment, never as part of a script. Where it gets no connection (2), and all sockets there are of one other port, that is asked.
ask_there() {
  docker exec -i -e PGOPTIONS='-c default_transaction_read_only=on -c statement_timeout=5000' "$@"
}
ask_psql() {
  question=$(cat)
  status=0
  printf '%s' "$question" | ask_there "$ZEBU_DB_CONTAINER" psql -XAtq -v ON_ERROR_STOP=1 -U "$ZEBU_DB_ADMIN" -d "$ZEBU_DB_NAME" "$@" || status=$?
  [ "$status" = 2 ] || return "$status"
  # shellcheck disable=SC2016 # for the container's shell
  socket=$(quiet docker exec "$ZEBU_DB_CONTAINER" sh -c 'port=; for one in /var/run/postgresql/.s.PGSQL.* /tmp/.s.PGSQL.*; do [ -S "$one" ] || continue; this=${one##*.}; [ "${port:-$this}" = "$this" ] || exit 0; [ -n "$port" ] || folder=${one%/*}; port=$this; done; [ -z "$port" ] || { [ -z "$PGHOST" ] && [ "$folder $port" = "/var/run/postgresql ${PGPORT:-5432}" ]; } || echo "$folder $port"' < /dev/null)
  [ -n "$socket" ] || return "$status"
  printf '%s' "$question" | ask_there -e PGHOST="${socket% *}" -e PGPORT="${socket##* }" "$ZEBU_DB_CONTAINER" psql -XAtq -v ON_ERROR_STOP=1 -U "$ZEBU_DB_ADMIN" -d "$ZEBU_DB_NAME" "$@"
}
