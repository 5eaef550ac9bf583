# As source.pl says it, by a shell in the container: for who may ask Docker, but may not read its files from outside.
cd /app 2>/dev/null || [ "$PWD" != / ] || exit 9
seek() {
  find . \( -name tests -o -name migrations -o -name alembic -o -name ".*" ! -name . -o -name "*venv*" -o -name site-packages -o -name node_modules \) -prune -o -type f -name "*.py" "$@" -print
}
long=$(seek -size +1023k | wc -l)
seek ! -size +1023k | sort | head -n 3000 |
  while IFS= read -r file; do printf "\001 %s\n" "${file#./}" | tr "\001" "@"; cat "$file"; printf "\n\001end\n" | tr "\001" "@"; done
all=$(seek ! -size +1023k | wc -l)
[ "$all" -le 3000 ] || long=$((long + all - 3000))
[ "$long" -eq 0 ] || printf "\001left %d\n" "$long" | tr "\001" "@"
