# `@none`, or `@version VERSION` of the change log's headings: marked, bold or underlined, or a line with a version and its day and no word more.
cd "$ZEBU_APP_DIR" || exit 1
found=
for file in CHANGELOG.md CHANGELOG.rst CHANGELOG CHANGES.md CHANGES.rst CHANGES HISTORY.md NEWS.md docs/CHANGELOG.md docs/changelog.md; do
  [ -f "$file" ] || continue
  # An underline follows its line, so each line is looked at with the next.
  found=$(awk '
    function version(line, next_line, before,   text, is_marked, rest) {
      text = line
      is_marked = sub(/^(#+ *|\*\*)/, "", text)
      while (match(tolower(text), /^[[*_`(]*(zebu|version|release)[: ]+/)) text = substr(text, RLENGTH + 1)
      sub(/^[[*_`(]*[vV]?/, "", text)
      if (!match(text, /^[0-9]+\.[0-9A-Za-z.+-]*/)) return ""
      rest = substr(text, RLENGTH + 1)
      text = substr(text, 1, RLENGTH)
      if (is_marked || next_line ~ /^(===*|---*|~~~*|\^\^\^*|"""*|\+\+\+*|\*\*\**|###*)[ \t]*$/) return text
      if (before ~ /^([ \t]|$|[-*+] )/ && rest ~ /^[]*_`)]*[-: (,]*([0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]|[0-9]+[.\/][0-9]+[.\/][0-9]+|[Uu]nreleased|[A-Z][a-z]+ [0-9]+,? [0-9][0-9][0-9][0-9]|[0-9]+\.? [A-Z][a-z]+ [0-9][0-9][0-9][0-9])?[]*_`):]*[ \t]*$/) return text
      return ""
    }
    function tell() { found = version(now, $0, before); if (found != "" && count++ < 50) print "@version " found }
    { sub(/\r$/, "") }
    NR > 1 { tell() }
    { before = now; now = $0 }
    END { $0 = ""; if (NR) tell() }
  ' "$file") || exit 1
  break
done
printf '%s\n' "${found:-@none}"
