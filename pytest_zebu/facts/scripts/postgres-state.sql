-- The state of the database, as one JSON object. Asked with psql, whose variable `role` is the application's role.
-- Tables and indexes of another schema than `public` are named with it. What is of the server, of an extension, or a session's own is left out.
-- What other versions do not have stands in texts, or is asked of a row's JSON: PostgreSQL 13 to 18.
WITH own AS (
  SELECT c.oid, n.nspname AS schema, c.relname AS base, CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name,
    c.relkind AS kind, c.relispartition AS is_part, c.reltuples::bigint AS counted, c.relpages AS pages, coalesce(c.reloptions, '{}') AS options
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm', 'v') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname !~ '^(pg_toast|pg_temp|_timescaledb)' AND NOT EXISTS (SELECT 1 FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')),
typed AS (
  SELECT t.oid, CASE b.typcategory WHEN 'N' THEN 'number' WHEN 'S' THEN 'text' ELSE b.typname END AS type
  FROM pg_type t JOIN pg_type b ON b.oid = CASE WHEN t.typbasetype = 0 THEN t.oid ELSE t.typbasetype END)
SELECT json_build_object(
  'role', (SELECT json_build_object('superuser', rolsuper, 'create_role', rolcreaterole, 'create_database', rolcreatedb,
    'replication', rolreplication, 'bypass_rls', rolbypassrls,
    -- Whose rights it has, may take, or may give to itself. Before 16, every membership lets it take them.
    'member_of', (SELECT coalesce(json_agg(g.rolname ORDER BY g.rolname), '[]'::json) FROM pg_roles g
      WHERE g.oid <> r.oid AND NOT r.rolsuper AND (pg_has_role(r.oid, g.oid, 'USAGE') OR pg_has_role(r.oid, g.oid, 'MEMBER WITH ADMIN OPTION')
          OR pg_has_role(r.oid, g.oid, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END))
        AND (g.rolsuper OR g.rolcreaterole OR g.rolcreatedb OR g.rolreplication OR g.rolbypassrls
          OR g.rolname IN ('pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files',
            'pg_read_all_data', 'pg_write_all_data', 'pg_create_subscription'))),
    'may_call', (SELECT coalesce(json_agg(DISTINCT p.proname), '[]'::json) FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace
      AND p.proname IN ('pg_read_file', 'pg_read_binary_file', 'pg_ls_dir', 'lo_import', 'lo_export', 'pg_file_write')
      AND NOT r.rolsuper AND has_function_privilege(r.oid, p.oid, 'EXECUTE')))
    FROM pg_roles r WHERE rolname = :'role'),
  -- Alembic's table has one column of this name, whatever the table is called. It need not be there, so that it may only stand in a text.
  -- What may not be read is null.
  'applied', (SELECT coalesce(json_agg(json_build_object('schema', c.schema, 'table', c.base, 'revisions',
    CASE WHEN has_schema_privilege(c.schema, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') THEN array_to_json(xpath('//version_num/text()',
      query_to_xml(format('SELECT version_num FROM %I.%I ORDER BY 1 LIMIT 100', c.schema, c.base), false, false, ''))::text[]) END)
    ORDER BY c.schema, c.base), '[]'::json) FROM own c WHERE EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'version_num')
      AND (c.base = 'alembic_version' OR c.kind = 'r' AND 1 = (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))),
  'version', current_setting('server_version_num')::int,
  'settings', (SELECT json_object_agg(name, setting) FROM pg_settings WHERE name IN ('fsync', 'full_page_writes',
    'synchronous_commit', 'max_connections', 'superuser_reserved_connections', 'reserved_connections', 'autovacuum',
    'track_counts', 'track_activities', 'autovacuum_vacuum_threshold', 'autovacuum_vacuum_scale_factor', 'autovacuum_naptime', 'ssl',
    'session_replication_role')),
  -- What another session has may be otherwise, and what the files say comes with the next start.
  'own_settings', (SELECT coalesce(json_agg(name ORDER BY name), '[]'::json) FROM pg_settings WHERE source IN ('user', 'database', 'database user', 'client', 'session')
    AND name IN ('synchronous_commit', 'session_replication_role')),
  'pending', (SELECT coalesce(json_agg(name ORDER BY name), '[]'::json) FROM pg_settings WHERE pending_restart),
  'overrides', (SELECT coalesce(json_agg(json_build_object('of', coalesce(r.rolname, d.datname, 'all'), 'setting', one,
      'role', coalesce(r.rolname, ''), 'here', d.oid IS NOT NULL) ORDER BY s.setrole, s.setdatabase, one), '[]'::json)
    FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole,
      unnest(s.setconfig) one WHERE one ~* '^(synchronous_commit|session_replication_role|search_path)='
        AND coalesce(d.datname = current_database(), true) AND coalesce(r.rolcanlogin, true)),
  'hba', (SELECT coalesce(json_agg(json_build_object('type', type, 'database', database, 'user', user_name, 'address', coalesce(address, ''), 'netmask', coalesce(netmask, ''),
    'method', coalesce(auth_method, ''), 'certificate', coalesce((SELECT one FROM unnest(options) one WHERE one LIKE 'clientcert=%' LIMIT 1), ''),
    'line', line_number, 'file', to_jsonb(pg_hba_file_rules) ->> 'file_name', 'error', coalesce(error, ''))), '[]'::json) FROM pg_hba_file_rules),
  'hba_unloaded', CASE WHEN has_function_privilege('pg_stat_file(text)', 'EXECUTE') THEN (xpath('//late/text()', query_to_xml(
    'SELECT (pg_stat_file(current_setting(''hba_file''))).modification > pg_conf_load_time() AS late', false, false, '')))[1]::text = 'true' END,
  'clients', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
  'unseen', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND state = 'disabled'),
  'stuck', (SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND state_change < now() - interval '60 seconds'),
  'waiting', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND wait_event_type = 'Lock'),
  'launcher', EXISTS (SELECT 1 FROM pg_stat_activity WHERE backend_type = 'autovacuum launcher'),
  'frozen', (SELECT max(age(datfrozenxid)) FROM pg_database),
  'collation', CASE WHEN current_setting('server_version_num')::int >= 150000 THEN (xpath('//late/text()', query_to_xml(
    'SELECT datcollversion <> pg_database_collation_actual_version(oid) AS late FROM pg_database WHERE datname = current_database()', false, false, '')))[1]::text = 'true' END,
  -- How many rows a table has that nobody counted yet is not known: its size bounds them. To ask for it waits for who has locked the table, which is null.
  'tables', (SELECT coalesce(json_agg(json_build_object('name', c.name, 'kind', c.kind, 'rows', greatest(coalesce(s.n_live_tup, 0), c.counted),
    'is_counted', s.n_live_tup > 0 OR c.counted > 0 OR c.pages > 0, 'size', CASE WHEN c.kind NOT IN ('r', 'm') THEN 0
      WHEN EXISTS (SELECT 1 FROM pg_locks l WHERE l.relation = c.oid AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.mode = 'AccessExclusiveLock') THEN NULL ELSE coalesce(pg_relation_size(c.oid), 0) END, 'dead', coalesce(s.n_dead_tup, 0),
    'seq_scan', coalesce(s.seq_scan, 0), 'idx_scan', coalesce(s.idx_scan, 0), 'vacuumed', s.last_autovacuum IS NOT NULL OR s.last_vacuum IS NOT NULL,
    'part_of', (SELECT p.name FROM own p WHERE c.is_part AND p.oid = pg_partition_root(c.oid)), 'options', c.options,
    -- What a foreign key could refer to: the types of unique keys of one column.
    'keys', (SELECT coalesce(json_agg(DISTINCT y.type), '[]'::json) FROM pg_index x JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
      JOIN typed y ON y.oid = a.atttypid WHERE x.indrelid = c.oid AND x.indisunique AND x.indnkeyatts = 1 AND x.indpred IS NULL))), '[]'::json)
    FROM own c LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid WHERE c.kind IN ('r', 'p', 'm')),
  -- Those of partitions come from the whole. A trigger that is off enforces nothing.
  'foreign_keys', (SELECT coalesce(json_agg(json_build_object('table', t.name,
    'columns', (SELECT json_agg(a.attname ORDER BY place) FROM unnest(c.conkey) WITH ORDINALITY AS key (number, place)
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = key.number),
    'target', coalesce(f.name, c.confrelid::regclass::text), 'valid', c.convalidated, 'enforced', coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true)
      AND NOT EXISTS (SELECT 1 FROM pg_trigger g WHERE g.tgconstraint = c.oid AND g.tgenabled IN ('D', 'R')))), '[]'::json)
    FROM pg_constraint c JOIN own t ON t.oid = c.conrelid LEFT JOIN own f ON f.oid = c.confrelid WHERE c.contype = 'f' AND c.conparentid = 0),
  'columns', (SELECT coalesce(json_agg(json_build_object('table', t.name, 'column', a.attname, 'type', y.type,
    'is_key', EXISTS (SELECT 1 FROM pg_index x WHERE x.indrelid = t.oid AND x.indisprimary AND x.indnkeyatts = 1 AND x.indkey[0] = a.attnum),
    'is_made', a.atthasdef OR a.attidentity <> '')), '[]'::json)
    FROM pg_attribute a JOIN own t ON t.oid = a.attrelid JOIN typed y ON y.oid = a.atttypid
      WHERE t.kind IN ('r', 'p') AND NOT t.is_part AND a.attname LIKE '%\_id' AND NOT a.attisdropped),
  'indexes', (SELECT coalesce(json_agg(json_build_object('name', CASE t.schema WHEN 'public' THEN '' ELSE t.schema || '.' END || i.relname, 'table', t.name,
    'valid', x.indisvalid AND x.indisready AND x.indislive, 'building', EXISTS (SELECT 1 FROM pg_stat_progress_create_index p WHERE p.index_relid = x.indexrelid),
    'method', m.amname, 'where', coalesce(pg_get_expr(x.indpred, x.indrelid), ''),
    'columns', (SELECT json_agg(coalesce(a.attname, '') ORDER BY place) FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS key (number, place)
      LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = key.number AND key.number > 0 WHERE place <= x.indnkeyatts))), '[]'::json)
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am m ON m.oid = i.relam JOIN own t ON t.oid = x.indrelid));
