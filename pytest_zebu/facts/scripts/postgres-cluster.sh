# When the database was made: `@made MOMENT`.
ask_psql -c "SELECT '@made ' || extract(epoch FROM (pg_stat_file('PG_VERSION')).modification)::bigint" 
