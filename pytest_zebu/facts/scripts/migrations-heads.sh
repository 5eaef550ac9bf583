# As migrations-heads.pl says it, by a shell in the container: for who may ask Docker, but may not read its files from outside.
cd /app 2>/dev/null || true
if [ "$PWD" = / ]; then set -- app srv code opt home usr/src; else set -- .; fi
sought() { kind=$1; text=$2; shift 2
  find "$@" \( -name node_modules -o -name "*venv*" -o -name site-packages -o -name tests -o -name ".?*" \) -prune -o -type f -name "$kind" -size -256k -exec grep -l -E "$text" {} + 2>/dev/null | sort; }
sought alembic.ini "^ *(script_location|version_locations) *=" "$@" | while IFS= read -r f; do sed -n -E "s/^ *((script_location|version_locations) *=.*)/@ini \1/p" "$f"; done
sought env.py version_table "$@" | while IFS= read -r f; do sed -n "s/^\(.*version_table.*\)/@env \1/p" "$f"; done
sought "*.py" "^(down_)?revision *[:=]" "$@" | while IFS= read -r f; do
  echo "@file $f"
  sed "s/^/@line /" "$f"
  echo
done
