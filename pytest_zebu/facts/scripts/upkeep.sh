# `@bot FILE`, `@version VERSION`.
cd "$ZEBU_APP_DIR" || exit 1
for file in .github/dependabot.yml .github/dependabot.yaml renovate.json renovate.json5 .renovaterc .renovaterc.json .github/renovate.json .gitlab/renovate.json; do
  [ -s "$file" ] && echo "@bot $file"
done
for file in .github/workflows/*.yml .github/workflows/*.yaml .gitlab-ci.yml; do
  [ -f "$file" ] && grep -qE '^ *(-? *cron:|schedule:)' "$file" && grep -qE 'pip-audit|npm audit|trivy|grype|osv-scanner' "$file" && echo "@bot $file"
done
for file in CHANGELOG.md CHANGELOG.rst CHANGELOG CHANGES.md docs/CHANGELOG.md; do
  [ -f "$file" ] && sed -n 's/^#* *\[\{0,1\}v\{0,1\}\([0-9][0-9A-Za-z.+-]*\).*/@version \1/p' "$file" | head -n 50 && break
done
true
