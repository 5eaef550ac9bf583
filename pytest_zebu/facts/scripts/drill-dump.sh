# What a restore drill starts from: `@now EPOCH`, `@image ID`, `@entrypoint JSON`, `@command JSON`, `@newest NAME`.
[ -n "$ZEBU_SET_BACKUP_FOLDER" ] || { echo 'backups.folder is not declared' >&2; exit 4; }
cd "$ZEBU_SET_BACKUP_FOLDER" || exit 4
dump=$(find . -maxdepth 1 -type f -name "$ZEBU_SET_BACKUP_PATTERN" -printf '%T@ %f\n' | sort -n | tail -n 1 | cut -d' ' -f2-)
[ -n "$dump" ] || { echo 'there is no dump' >&2; exit 4; }
image=$(docker inspect -f '{{.Image}}' "$ZEBU_DB_CONTAINER") || exit 5
date '+@now %s'
printf '@image %s\n' "$image"
docker image inspect -f '@entrypoint {{json .Config.Entrypoint}}
@command {{json .Config.Cmd}}' "$image" || exit 5
printf '@newest %s\n' "$dump"
