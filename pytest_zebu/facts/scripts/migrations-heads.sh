# Of each revision `@file PATH`, then `@revision`, `@down_revision` and `@depends_on` with their values, and its
# downgrade as `@line TEXT`.
# The heads are read from the deployed migrations themselves, without importing them: a revision that no other
# one names as its predecessor. `alembic heads` would execute the checkout's code.
docker exec -i "$ZEBU_BACKEND_CONTAINER" sh -c 'cd /app 2>/dev/null; for f in migrations/versions/*.py alembic/versions/*.py; do
  [ -f "$f" ] || continue
  echo "@file $f"
  sed -n -E "s/^(down_revision|revision|depends_on)[^=]*=/@\1 /p" "$f"
  sed -n "/^def downgrade/,\$ s/^/@line /p" "$f" | head -n 80
done'
