# The team's documents: what documents.pl tells of each, and `@picture PATH`.
cd "$ZEBU_APP_DIR" || exit 1
{ git log -n 400 --format='@%ct' --name-only -- '*.md' '*.rst' '*.txt'
  echo @documents
  find . \( -name .git -o -name node_modules -o -name .venv \) -prune -o -type f \( -name '*.md' -o -name '*.rst' -o -name '*.txt' \) -size -512k -print | sort | head -n 300
  [ -z "$ZEBU_SET_DOCUMENTS" ] || find "$ZEBU_SET_DOCUMENTS" -xdev -type f \( -name '*.md' -o -name '*.rst' -o -name '*.txt' \) -size -512k -print | sort | head -n 300
} | perl -e "$ZEBU_PERL" || exit 1
find . \( -name .git -o -name node_modules -o -name .venv \) -prune -o -type f \( -name '*network*.svg' -o -name '*network*.png' -o -name '*architecture*.svg' -o -name '*architecture*.png' -o -name '*.drawio' \) -print | head -n 5 | sed 's/^/@picture /'
