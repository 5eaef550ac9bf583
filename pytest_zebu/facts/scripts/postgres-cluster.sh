# As postgres-cluster.pl says it, by the database itself: for who may not read its files from outside.
printf '%s' "$ZEBU_SQL" | ask_psql -f -
