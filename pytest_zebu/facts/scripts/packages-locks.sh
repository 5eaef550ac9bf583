# Lock files: `@file PATH`, then the file's text; `@unread WHY PATH` for one that is not read: a `kind` that is not
# known here, its `size`, or that reading `failed`; `@part` where a folder cannot be looked into.
cd "$ZEBU_APP_DIR" || exit 1
left=6000000
{ find . \( -name .git -o -name node_modules -o -name .venv \) -prune -o -type f \( -name uv.lock -o -name poetry.lock -o -name pdm.lock -o -name Pipfile.lock -o -name pylock.toml -o -name 'pylock.*.toml' -o -name 'requirements*.lock' -o -name 'requirements*.txt' -o -name package-lock.json -o -name npm-shrinkwrap.json -o -name yarn.lock -o -name pnpm-lock.yaml -o -name bun.lock -o -name bun.lockb -o -name deno.lock -o -name conda-lock.yml -o -name pixi.lock \) -printf '%s %p\n' || echo @part; } | sort -n |
  while IFS= read -r line; do
    size=${line%% *} file=${line#* }
    case $line in
      @part) echo @part; continue ;;
      */yarn.lock|*/pnpm-lock.yaml|*/bun.lock|*/bun.lockb|*/deno.lock|*/conda-lock.yml|*/pixi.lock) printf '@unread kind %s\n' "${file#./}"; continue ;;
    esac
    if [ "$size" -gt "$left" ]; then printf '@unread size %s\n' "${file#./}"; continue; fi
    left=$((left - size))
    printf '@file %s\n' "${file#./}"
    cat "$file" || printf '\n@unread failed %s' "${file#./}"
    echo
  done
