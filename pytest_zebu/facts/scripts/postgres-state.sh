# The state of the database: one JSON object.
printf '%s' "$ZEBU_SQL" | ask_psql -v role="$ZEBU_APP_ROLE" -f -
