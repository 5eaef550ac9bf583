# Who opens connections to the database, and through what: `@number NAME N` of the backend's environment (`?` where it is none), then containers with what `docker top` shows of
# each: `@container PID SERVICE` for each of the backend, `@beside PID SERVICE` for others with the same address of the database (or one that means the same,
# if they run Python, as the backend's source is), `@door PID SERVICE` for the one that this address names, each with its first process; of a pooler there, `@pooler NAME VALUE` as its file says. Addresses are compared here, and not told.
project=$(docker inspect -f '{{index .Config.Labels "com.docker.compose.project"}}' "$ZEBU_BACKEND_CONTAINER") || exit 5
containers=$(docker ps -q --no-trunc --filter "label=com.docker.compose.project=$project") || exit 5
# shellcheck disable=SC2086
told=$(docker inspect -f '@@ {{.Id}} {{.State.Pid}} s{{index .Config.Labels "com.docker.compose.service"}} o{{index .Config.Labels "com.docker.compose.oneoff"}} {{.Name}}{{range .NetworkSettings.Networks}}{{range .Aliases}} {{.}}{{end}}{{end}}
{{range .Config.Env}}{{println .}}{{end}}' $containers | awk -v backend="$ZEBU_BACKEND_CONTAINER" '
  function named(key,   at) { at = index($0, "="); return toupper(substr($0, 1, at - 1)) == key }
  function first_of(kept, key) { if (named(key) && text() != "" && !(id in kept)) kept[id] = text() }
  # What an address means: the container that it names, or its host, the port, and the database, empty where it tells none.
  function asked(query, key) { return match(query, "[?&]" key "=[^&#]+") ? substr(query, RSTART + length(key) + 2, RLENGTH - length(key) - 2) : "" }
  function meant(id,   rest, query, at, n) {
    at_host = tolower(host[id]); at_port = port[id]; at_base = base[id]
    if (url[id] != "") {
      rest = url[id]
      if (tolower(rest) !~ /^postgres(ql)?([+][a-z0-9_]+)?:\/\//) return 0
      sub(/^[^:]*:\/\//, "", rest); sub(/#.*$/, "", rest)
      query = index(rest, "?") ? substr(rest, index(rest, "?")) : ""; sub(/[?].*$/, "", rest)
      at_base = index(rest, "/") ? substr(rest, index(rest, "/") + 1) : ""; sub(/\/.*$/, "", rest); sub(/^.*@/, "", rest)
      at_port = match(rest, /:[0-9]*$/) ? substr(rest, RSTART + 1) : ""; sub(/:[0-9]*$/, "", rest); at_host = tolower(rest)
      if (asked(query, "host") != "") at_host = tolower(asked(query, "host"))
      if (asked(query, "port") != "") at_port = asked(query, "port")
      if (asked(query, "dbname") != "") at_base = asked(query, "dbname")
    }
    if (at_host == "") return 0
    for (n = 1; n <= count; n++) if (index(names[order[n]], " " at_host " ")) { at_host = order[n]; break }
    at_port = at_port == "" ? 5432 : at_port + 0
    return 1
  }
  function text() { return substr($0, index($0, "=") + 1) }
  $1 == "@@" { id = $2; order[++count] = id; first[id] = $3; service[id] = substr($4, 2); oneoff[id] = $5 == "oTrue"; $1 = $2 = $3 = $5 = ""; $4 = service[id]; names[id] = tolower($0) " "; gsub(/\//, " ", names[id]); next }
  named("DATABASE_URL") { if (!(id in url) || /^DATABASE_URL=/) url[id] = text() }
  named("PGHOST") || named("POSTGRES_HOST") || named("DB_HOST") { if (!(id in host) || named("PGHOST")) host[id] = text() }
  /^[A-Za-z_]+=/ { first_of(port, "PGPORT"); first_of(port, "POSTGRES_PORT"); first_of(port, "DB_PORT"); first_of(base, "PGDATABASE"); first_of(base, "POSTGRES_DB"); first_of(base, "DB_NAME") }
  id == backend && /^[A-Za-z0-9_]*(POOL|OVERFLOW|CONCURRENCY|WORKERS|CONN)[A-Za-z0-9_]*=/ {
    value = text(); gsub(/[ \t_]/, "", value)
    if (value != "") print "@number " substr($0, 1, index($0, "=") - 1) " " (value ~ /^[+-]?[0-9]+$/ && length(value) < 10 ? value : "?")
  }
  END {
    where = tolower(url[backend])
    if (where != "") { sub(/^[^:]*:\/\//, "", where); sub(/[\/?#].*$/, "", where); sub(/^.*@/, "", where); sub(/:[0-9]*$/, "", where) } else where = tolower(host[backend])
    known = meant(backend); own_host = at_host; own_port = at_port; own_base = at_base
    for (n = 1; n <= count; n++) {
      id = order[n]
      if (oneoff[id]) continue
      if (service[id] == service[backend]) print "container", id, first[id], service[id]
      else if (where != "" && index(names[id], " " where " ")) print "door", id, first[id], service[id]
      else if (url[backend] != "" && url[id] == url[backend]) print "beside", id, first[id], service[id]
      else if (known && meant(id) && at_host == own_host && at_port == own_port && (at_base == own_base || at_base == "" || own_base == "")) print "alike", id, first[id], service[id]
    }
  }')
printf '%s\n' "$told" | grep '^@number '
printf '%s\n' "$told" | grep -v '^@number ' | while read -r kind id pid service; do
  [ -n "$id" ] || continue
  [ "$kind" = alike ] || echo "@$kind $pid $service"
  processes=$(docker top "$id" -eo pid,ppid,args) || exit 5
  if [ "$kind" = alike ]; then
    printf '%s\n' "$processes" | grep -Eq '[ /](python[0-9.]*|celery)( |$)|\[celeryd:' || continue
    echo "@beside $pid $service"
  fi
  printf '%s\n' "$processes" | cut -c 1-300 | head -n 400
  [ "$kind" = door ] || continue
  file=$(printf '%s\n' "$processes" | sed -n 's,.*pgbouncer.* \(/[^ ]*\.ini\).*,\1,p' | head -n 1)
  printf '%s\n' "$processes" | grep -q pgbouncer || continue
  quiet docker exec "$id" cat "${file:-/etc/pgbouncer/pgbouncer.ini}" < /dev/null | sed -n -E \
    -e 's/^[[:space:]]*(default_pool_size|reserve_pool_size|max_client_conn|max_db_connections|max_user_connections|pool_mode)[[:space:]]*=[[:space:]]*([a-z0-9]+)[[:space:]]*$/@pooler \1 \2/p' \
    -e 's/^[[:space:]]*[^;#[]*[[:space:]=]pool_size[[:space:]]*=[[:space:]]*([0-9]+).*/@pooler pool_size \1/p' -e 's/^[[:space:]]*%include.*/@pooler include yes/p' -e 's/^\[pgbouncer\].*/@pooler read yes/p'
done
