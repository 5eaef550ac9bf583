# The application's Python files: `@ PATH`, the text, `@end`; `@left COUNT`: so many are too long or too many.
# Tests and migrations are left out: nobody who calls the API reaches them.
docker exec -i "$ZEBU_BACKEND_CONTAINER" sh -c 'cd /app 2>/dev/null || [ "$PWD" != / ] || exit 9
seek() {
  find . \( -name tests -o -name migrations -o -name alembic -o -name ".*" ! -name . -o -name "*venv*" -o -name site-packages -o -name node_modules \) -prune -o -type f -name "*.py" "$@" -print
}
long=$(seek -size +1023k | wc -l)
seek ! -size +1023k | sort | head -n 3000 |
  while IFS= read -r file; do printf "\001 %s\n" "${file#./}" | tr "\001" "@"; cat "$file"; printf "\n\001end\n" | tr "\001" "@"; done
all=$(seek ! -size +1023k | wc -l)
[ "$all" -le 3000 ] || long=$((long + all - 3000))
[ "$long" -eq 0 ] || printf "\001left %d\n" "$long" | tr "\001" "@"'
