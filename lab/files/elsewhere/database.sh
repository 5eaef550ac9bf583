# Shared: the distribution's own PostgreSQL in a container, with two tables; the arguments are the server's, the rest is SQL.
start_database() {
  bin=$(ls -d /usr/lib/postgresql/*/bin)
  install -d -o postgres /srv/postgres
  setpriv --reuid postgres --regid postgres --clear-groups "$bin/initdb" --auth-local=trust --auth-host=scram-sha-256 --pgdata=/srv/postgres >/dev/null
  echo "$1" >>/srv/postgres/pg_hba.conf
  shift
  start_docker '{"storage-driver": "overlay2"}'
  run_container db --user postgres --volume /srv/postgres:/srv/postgres --env "PATH=$bin:/usr/bin:/bin" \
    --env POSTGRES_PASSWORD="$(head -c 18 /dev/urandom | base64)" --env POSTGRES_USER=postgres --env POSTGRES_DB=zebu \
    zebu/machine:1 postgres -D /srv/postgres "$@"
  run_container backend --env DATABASE_URL=postgresql+asyncpg://zebu_app@db:5432/zebu zebu/machine:1 sleep infinity
  for _ in 1 2 3 4 5 6 7 8 9 10; do docker exec zebu-db-1 pg_isready && break; sleep 1; done
  docker exec zebu-db-1 createdb -U postgres zebu
  docker exec -i zebu-db-1 psql -U postgres -v ON_ERROR_STOP=1 -q zebu
}
tables() {
  cat <<'X'
CREATE TABLE portfolios (id int PRIMARY KEY, name text);
CREATE TABLE transactions (id int PRIMARY KEY, portfolio_id int NOT NULL);
CREATE INDEX ON transactions (portfolio_id);
CREATE TABLE alembic_version (version_num text PRIMARY KEY);
INSERT INTO portfolios SELECT n, n FROM generate_series(1, 100) n;
INSERT INTO transactions SELECT n, 1 + n % 100 FROM generate_series(1, 1000) n;
X
}
