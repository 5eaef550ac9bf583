#!/bin/bash
# What the official image's entrypoint does, as far as Zebu needs it: make the cluster, the database and the
# superuser at the first start, run the init scripts, then become the server.
set -euo pipefail
export PGDATA=/var/lib/postgresql/data
install -d -o postgres -g postgres -m 0700 "$PGDATA"
install -d -o postgres -g postgres -m 0775 /run/postgresql
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  as_postgres() { gosu postgres env PATH="$PATH" PGDATA="$PGDATA" "$@"; }
  password_file=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" > "$password_file"
  chown postgres "$password_file"
  as_postgres initdb --username "$POSTGRES_USER" --pwfile "$password_file" \
    --auth-local trust --auth-host trust --encoding UTF8 --locale C.UTF-8 > /dev/null
  rm "$password_file"
  printf 'host all all all scram-sha-256\n' >> "$PGDATA/pg_hba.conf"
  printf "listen_addresses = '*'\nlog_timezone = 'UTC'\ntimezone = 'UTC'\njit = off\n" >> "$PGDATA/postgresql.conf"
  as_postgres pg_ctl -w -o "-c listen_addresses=''" start > /dev/null
  as_postgres createdb -U "$POSTGRES_USER" "$POSTGRES_DB"
  for script in /docker-entrypoint-initdb.d/*.sh; do
    [ -e "$script" ] || continue
    gosu postgres env PATH="$PATH" sh "$script"
  done
  as_postgres pg_ctl -w -m fast stop > /dev/null
fi
exec gosu postgres "$@"
