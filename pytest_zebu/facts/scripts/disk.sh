# Lines of df: target, size, available, inodes, free inodes.
root=$(docker info -f '{{.DockerRootDir}}' 2>/dev/null)
for place in / /var/log "$root" "$ZEBU_APP_DIR" "$ZEBU_SET_BACKUP_FOLDER"; do
  [ -n "$place" ] && [ -d "$place" ] || continue
  df -B1 --output=target,size,avail,itotal,iavail "$place" 2>/dev/null | tail -n 1
done | sort -u
