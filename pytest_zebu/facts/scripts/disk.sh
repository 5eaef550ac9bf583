# `@place TARGET SIZE AVAILABLE INODES FREE-INODES` of each file system that matters; `@silent PLACE` where nobody answers.
# A share whose server is gone answers never: each place has its own time, and more of it on a busy machine.
slower=${ZEBU_SLOWER:-1}
seconds=$((2 * ${slower%.*}))
root=$(quiet perl -e "$ZEBU_PERL" | sed -n 's/^root=//p')
for place in / /var/log "$root" "$ZEBU_APP_DIR" "$ZEBU_SET_BACKUP_FOLDER"; do
  [ -n "$place" ] || continue
  said=$(quiet timeout -s KILL $seconds df -B1 --output=target,size,avail,itotal,iavail "$place")
  status=$?
  if [ $status -ge 124 ]; then echo "@silent $place"; else printf '%s\n' "$said" | sed -n '$s/^\//@place \//p'; fi
done | sort -u
