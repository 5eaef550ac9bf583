-- The state of the database, as one JSON object. Asked with psql, whose variable `role` is the application's role.
-- Tables and indexes of another schema than `public` are named with it.
SELECT json_build_object(
  'role', (SELECT json_build_object('superuser', rolsuper, 'create_role', rolcreaterole, 'create_database', rolcreatedb,
    'replication', rolreplication, 'bypass_rls', rolbypassrls,
    'member_of', (SELECT coalesce(json_agg(g.rolname), '[]'::json) FROM pg_roles g
      WHERE g.oid <> r.oid AND pg_has_role(r.oid, g.oid, 'member')
        AND (g.rolsuper OR g.rolcreaterole OR g.rolcreatedb OR g.rolreplication OR g.rolbypassrls
          OR g.rolname IN ('pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files',
            'pg_read_all_data', 'pg_write_all_data'))))
    FROM pg_roles r WHERE rolname = :'role'),
  -- The table need not be there, so that its name may only stand in a text. What may not be read is null.
  'applied', (SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'revisions',
    CASE WHEN has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') THEN array_to_json(xpath('//version_num/text()',
      query_to_xml(format('SELECT version_num FROM %I.alembic_version ORDER BY 1', n.nspname), false, false, ''))::text[]) END)
    ORDER BY n.nspname), '[]'::json) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = 'alembic_version' AND c.relkind IN ('r', 'p', 'v')),
  'version', current_setting('server_version_num')::int,
  'settings', (SELECT json_object_agg(name, setting) FROM pg_settings WHERE name IN ('fsync', 'full_page_writes',
    'synchronous_commit', 'max_connections', 'superuser_reserved_connections', 'reserved_connections', 'autovacuum',
    'track_counts', 'autovacuum_vacuum_threshold', 'autovacuum_vacuum_scale_factor')),
  'overrides', (SELECT coalesce(json_agg(json_build_object('of', coalesce(r.rolname, d.datname, 'all'), 'setting', one)), '[]'::json)
    FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole,
      unnest(s.setconfig) one WHERE one ~* '^(fsync|full_page_writes|synchronous_commit)='),
  'hba', (SELECT coalesce(json_agg(json_build_object('type', type, 'address', coalesce(address, ''), 'netmask', coalesce(netmask, ''),
    'method', coalesce(auth_method, ''), 'line', line_number, 'error', coalesce(error, ''))), '[]'::json) FROM pg_hba_file_rules),
  'clients', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
  'stuck', (SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND state_change < now() - interval '60 seconds'),
  'waiting', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND wait_event_type = 'Lock'),
  'launcher', EXISTS (SELECT 1 FROM pg_stat_activity WHERE backend_type = 'autovacuum launcher'),
  'tables', (SELECT coalesce(json_agg(json_build_object('name', CASE s.schemaname WHEN 'public' THEN '' ELSE s.schemaname || '.' END || s.relname, 'rows', greatest(s.n_live_tup, c.reltuples::bigint), 'dead', s.n_dead_tup,
    'seq_scan', coalesce(s.seq_scan, 0), 'idx_scan', coalesce(s.idx_scan, 0), 'vacuumed', s.last_autovacuum IS NOT NULL OR s.last_vacuum IS NOT NULL,
    'options', coalesce(c.reloptions, '{}'))), '[]'::json) FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid),
  'foreign_keys', (SELECT coalesce(json_agg(json_build_object(
    'table', CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || t.relname,
    'columns', (SELECT json_agg(a.attname ORDER BY place) FROM unnest(c.conkey) WITH ORDINALITY AS key (number, place)
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = key.number),
    'target', CASE o.nspname WHEN 'public' THEN '' ELSE o.nspname || '.' END || f.relname, 'valid', c.convalidated)), '[]'::json)
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
      JOIN pg_class f ON f.oid = c.confrelid JOIN pg_namespace o ON o.oid = f.relnamespace WHERE c.contype = 'f'),
  'columns', (SELECT coalesce(json_agg(json_build_object(
    'table', CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || t.relname, 'column', a.attname)), '[]'::json)
    FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid JOIN pg_namespace n ON n.oid = t.relnamespace
      WHERE t.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND a.attname LIKE '%\_id' AND NOT a.attisdropped),
  'indexes', (SELECT coalesce(json_agg(json_build_object('name', CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || i.relname,
    'table', CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || t.relname, 'valid', x.indisvalid AND x.indisready,
    'first', coalesce(a.attname, ''))), '[]'::json) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
      JOIN pg_namespace n ON n.oid = t.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
      WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'));
