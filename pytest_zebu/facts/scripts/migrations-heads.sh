# Of each revision of the deployed code `@file PATH`, then its text as `@line TEXT`; of alembic's own files what says where they and the table are:
# `@ini TEXT`, `@env TEXT`. They are read without importing them: `alembic heads` would execute the checkout's code.
docker exec -i "$ZEBU_BACKEND_CONTAINER" sh -c 'cd /app 2>/dev/null
[ "$PWD" = / ] && set -- app srv code opt home usr/src || set -- .
sought() { kind=$1; text=$2; shift 2
  find "$@" \( -name node_modules -o -name "*venv*" -o -name site-packages -o -name tests -o -name ".?*" \) -prune -o -type f -name "$kind" -size -256k -exec grep -l -E "$text" {} + 2>/dev/null | sort; }
sought alembic.ini "^ *(script_location|version_locations) *=" "$@" | while IFS= read -r f; do sed -n -E "s/^ *((script_location|version_locations) *=.*)/@ini \1/p" "$f"; done
sought env.py version_table "$@" | while IFS= read -r f; do sed -n "s/^\(.*version_table.*\)/@env \1/p" "$f"; done
sought "*.py" "^(down_)?revision *[:=]" "$@" | while IFS= read -r f; do
  echo "@file $f"
  sed "s/^/@line /" "$f"
  echo
done'
