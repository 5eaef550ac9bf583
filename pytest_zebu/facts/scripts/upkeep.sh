# What looks after the checkout: `@bot FILE` of what watches its dependencies, `@idle FILE` of what is there and watches none,
# `@version VERSION` of the change log's headings.
cd "$ZEBU_APP_DIR" || exit 1
plain() { sed -E 's/(^|[[:space:]])#.*//' "$1"; }
told() { if "$2" "$1"; then echo "@bot $1"; else echo "@idle $1"; fi; }
updates() { plain "$1" | grep -Eq '^[[:space:]]*-?[[:space:]]*["'"'"']?package-ecosystem["'"'"']?[[:space:]]*:'; }
# Before any inner brace stands what is said of the whole.
enabled() { ! tr -d '\n' < "$1" | grep -Eq '^[^{]*\{[^{}]*"?enabled"?[[:space:]]*:[[:space:]]*false'; }
audits() { plain "$1" | grep -Eq '^[[:space:]]*(-?[[:space:]]*cron[[:space:]]*:|schedule[[:space:]]*:)' && plain "$1" | grep -Eq 'pip-audit|npm audit|trivy|grype|osv-scanner'; }
for file in .github/dependabot.yml .github/dependabot.yaml; do [ -s "$file" ] && told "$file" updates; done
for file in renovate.json renovate.json5 .renovaterc .renovaterc.json .renovaterc.json5 .github/renovate.json .github/renovate.json5 .gitlab/renovate.json .gitlab/renovate.json5; do
  [ -s "$file" ] && told "$file" enabled
done
for file in .github/workflows/*.yml .github/workflows/*.yaml .gitlab-ci.yml; do
  [ -f "$file" ] && audits "$file" && echo "@bot $file"
done
for file in CHANGELOG.md CHANGELOG.rst CHANGELOG CHANGES.md CHANGES.rst CHANGES HISTORY.md NEWS.md docs/CHANGELOG.md docs/changelog.md; do
  [ -f "$file" ] || continue
  sed -nE 's/^(#+ *|\*\*)?(\[?(zebu|[Vv]ersion|[Rr]elease) +)?\[?v?([0-9]+\.[0-9A-Za-z.+-]*).*/@version \4/p' "$file" | head -n 50
  break
done
true
