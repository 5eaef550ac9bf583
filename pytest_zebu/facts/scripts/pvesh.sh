# Lines `@NAME JSON`: what the node's API says to each question; nothing behind the name where it failed.
command -v pvesh >/dev/null || exit 127
node=$ZEBU_SET_PROXMOX_NODE
ask() {
  name=$1; shift
  said=$(pvesh get "$@" --output-format json 2>/dev/null) || said=
  printf '@%s %s\n' "$name" "$(printf '%s' "$said" | tr -d '\n')"
}
jobs=$(ask backup_jobs /cluster/backup)
ask version /version
ask updates "/nodes/$node/apt/update"
ask refreshes "/nodes/$node/tasks" --typefilter aptupdate --limit 20
printf '%s\n' "$jobs"
[ -n "$ZEBU_SET_PROXMOX_VMID" ] || exit 0
ask snapshots "/nodes/$node/qemu/$ZEBU_SET_PROXMOX_VMID/snapshot"
ask backup_runs "/nodes/$node/tasks" --typefilter vzdump --vmid "$ZEBU_SET_PROXMOX_VMID" --limit 50
printf '%s\n' "$jobs" | grep -oE '"storage" *: *"[A-Za-z][A-Za-z0-9._-]*"' | cut -d'"' -f4 | sort -u | head -n 8 |
  while IFS= read -r storage; do
    ask "status/$storage" "/nodes/$node/storage/$storage/status"
    ask "content/$storage" "/nodes/$node/storage/$storage/content" --content backup --vmid "$ZEBU_SET_PROXMOX_VMID"
  done
