# The application's Python files: `@ PATH`, the text, `@end`.
# Tests and migrations are left out: nobody who calls the API reaches them.
docker exec -i "$ZEBU_BACKEND_CONTAINER" sh -c 'cd /app 2>/dev/null || exit 9
find . \( -name tests -o -name migrations -o -name alembic -o -name ".*" ! -name . -o -name "*venv*" -o -name site-packages \) -prune -o -type f -name "*.py" -size -512k -print | sort | head -n 1000 |
  while IFS= read -r file; do printf "\001 %s\n" "${file#./}" | tr "\001" "@"; cat "$file"; printf "\n@end\n"; done'
