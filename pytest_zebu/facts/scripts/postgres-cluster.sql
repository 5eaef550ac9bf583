-- When the database was made: `@made MOMENT`.
SELECT '@made ' || extract(epoch FROM (pg_stat_file('PG_VERSION')).modification)::bigint;
