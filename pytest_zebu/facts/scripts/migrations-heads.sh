# Of each revision `@file PATH`, then what stands before its functions as `@head TEXT`, and its downgrade as `@line TEXT`.
# The heads are read from the deployed migrations themselves, without importing them: a revision that no other
# one names as its predecessor. `alembic heads` would execute the checkout's code.
docker exec -i "$ZEBU_BACKEND_CONTAINER" sh -c 'cd /app 2>/dev/null; for f in migrations/versions/*.py alembic/versions/*.py; do
  [ -f "$f" ] || continue
  echo "@file $f"
  sed -n "/^def /q; s/^/@head /p" "$f" | head -n 120
  sed -n "/^def downgrade/,\$ s/^/@line /p" "$f" | head -n 80
done'
