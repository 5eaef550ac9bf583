# The team's documents: what documents.pl tells of each, and `@picture PATH`.
cd "$ZEBU_APP_DIR" || exit 1
seek() {
  find "$@" -type f \( -name '*.md' -o -name '*.rst' -o -name '*.txt' \) -print || echo @folder
}
{ git -c core.quotePath=off log -n 400 --format='@%ct' --name-only -- '*.md' '*.rst' '*.txt'
  echo @documents
  seek . \( -name .git -o -name node_modules -o -name .venv \) -prune -o
  [ -z "$ZEBU_SET_DOCUMENTS" ] || seek "$ZEBU_SET_DOCUMENTS" -xdev
} | perl -e "$ZEBU_PERL" || exit 1
find . \( -name .git -o -name node_modules -o -name .venv \) -prune -o -type f \( -name '*network*.svg' -o -name '*network*.png' -o -name '*architecture*.svg' -o -name '*architecture*.png' -o -name '*.drawio' \) -print | head -n 5 | sed 's/^/@picture /'
