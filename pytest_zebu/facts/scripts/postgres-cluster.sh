# When the database was made: `@made MOMENT`.
printf '%s' "$ZEBU_SQL" | ask_psql -f -
