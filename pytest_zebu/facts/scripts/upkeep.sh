# `@version VERSION` of the change log's headings.
cd "$ZEBU_APP_DIR" || exit 1
for file in CHANGELOG.md CHANGELOG.rst CHANGELOG CHANGES.md CHANGES.rst CHANGES HISTORY.md NEWS.md docs/CHANGELOG.md docs/changelog.md; do
  [ -f "$file" ] || continue
  sed -nE 's/^(#+ *|\*\*)?(\[?(zebu|[Vv]ersion|[Rr]elease) +)?\[?v?([0-9]+\.[0-9A-Za-z.+-]*).*/@version \4/p' "$file" | head -n 50
  break
done
true
