# What may watch the checkout's dependencies: `@file PATH`, then the file's text (a blank before each `@` that begins a line);
# `@unread WHY PATH` for one that is too large (`size`), or that could not be read (`failed`); `@none` where there is none.
cd "$ZEBU_APP_DIR" || exit 1
left=1000000 found=
for file in .github/dependabot.yml .github/dependabot.yaml \
  renovate.json renovate.json5 .renovaterc .renovaterc.json .renovaterc.json5 .github/renovate.json .github/renovate.json5 .gitlab/renovate.json .gitlab/renovate.json5 package.json \
  .github/workflows/*.yml .github/workflows/*.yaml .gitlab-ci.yml; do
  [ -f "$file" ] || continue
  found=yes
  size=$(stat -L -c %s "$file") || size=0
  if [ "$size" -gt "$left" ]; then printf '@unread size %s\n' "$file"; continue; fi
  left=$((left - size))
  printf '@file %s\n' "$file"
  sed 's/^@/ @/' "$file" || printf '\n@unread failed %s' "$file"
  echo
done
[ -n "$found" ] || echo @none
