# Lock files, and the manifests of npm's packages: `@file PATH`, then the file's text (a blank before each `@` that begins a
# line); `@unread WHY PATH` for one that is not read: a `kind` that is not known here, its `size`, or that reading `failed`;
# `@part` where a folder cannot be looked into; `@none` where there is no such file, or none of these. What others packed, and what tests are fed with, is not deployed.
cd "$ZEBU_APP_DIR" || exit 1
left=6000000
files=$({ find . -type d \( -name .git -o -name node_modules -o -name bower_components -o -name .yarn -o -name .pnpm-store -o -name .venv -o -name venv -o -name .tox -o -name .nox -o -name site-packages -o -name dist-packages -o -name vendor -o -name vendored -o -name third_party -o -name third-party -o -name fixtures -o -name __fixtures__ -o -name testdata -o -name test-data -o -name .worktrees -o -path '*/.claude/worktrees' \) -prune -o -type f \( \
    -name uv.lock -o -name poetry.lock -o -name pdm.lock -o -name Pipfile.lock -o -name pylock.toml -o -name 'pylock.*.toml' -o -name 'requirements*.lock' -o -name '*requirements*.txt' -o -path '*/requirements/*.txt' -o \
    -name package.json -o -name package-lock.json -o -name npm-shrinkwrap.json -o -name yarn.lock -o -name pnpm-lock.yaml -o -name bun.lock -o \
    -name bun.lockb -o -name shrinkwrap.yaml -o -name deno.lock -o -name conda-lock.yml -o -name '*.conda-lock.yml' -o -name pixi.lock -o -name environment.yml -o -name environment.yaml -o -name Cargo.lock -o -name go.sum -o -name Gemfile.lock -o -name composer.lock \
  \) -printf '%s %p\n' || echo @part; } | sort -n)
[ -n "$files" ] || { echo @none; exit 0; }
printf '%s\n' "$files" |
  while IFS= read -r line; do
    size=${line%% *} file=${line#* }
    case $line in
      @part) echo @part; continue ;;
      */environment.y*ml) if grep -q '^dependencies:' "$file"; then printf '@unread kind %s\n' "${file#./}"; elif ! printf '%s\n' "$files" | grep -qv '/environment[.]ya*ml$'; then echo @none; fi; continue ;;
      */bun.lockb|*/shrinkwrap.yaml|*/deno.lock|*conda-lock.yml|*/pixi.lock|*/Cargo.lock|*/go.sum|*/Gemfile.lock|*/composer.lock) printf '@unread kind %s\n' "${file#./}"; continue ;;
    esac
    if [ "$size" -gt "$left" ]; then printf '@unread size %s\n' "${file#./}"; continue; fi
    left=$((left - size))
    printf '@file %s\n' "${file#./}"
    sed 's/^@/ @/' "$file" || printf '\n@unread failed %s' "${file#./}"
    echo
  done
