# Shared: psql in the database's own container, read-only and with a time limit. What comes from the machine travels as
# arguments and environment, never as part of a script.
ask_psql() {
  docker exec -i -e PGOPTIONS='-c default_transaction_read_only=on -c statement_timeout=5000' \
    "$ZEBU_DB_CONTAINER" psql -XAtq -v ON_ERROR_STOP=1 -U "$ZEBU_DB_ADMIN" -d "$ZEBU_DB_NAME" "$@"
}
