# Lock files: `@file PATH`, then the file's text.
cd "$ZEBU_APP_DIR" || exit 1
find . \( -name .git -o -name node_modules -o -name .venv \) -prune -o -type f \( -name uv.lock -o -name poetry.lock -o -name 'requirements*.lock' -o -name package-lock.json \) -size -2048k -print | sort | head -n 8 |
  while IFS= read -r file; do printf '@file %s\n' "${file#./}"; cat "$file"; echo; done
