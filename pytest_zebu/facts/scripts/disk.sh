# `@place TARGET SIZE AVAILABLE INODES FREE-INODES` of each file system that matters; `@silent PLACE` where nobody answers.
# A share whose server is gone answers never: where not all of them answer at once, each place has its own time, and more
# of it on a busy machine.
slower=${ZEBU_SLOWER:-1}
root=$(quiet perl -e "$ZEBU_PERL" | sed -n 's/^root=//p')
told() { quiet timeout -s KILL "$@"; }
set --
for place in / /var/log "$root" "$ZEBU_APP_DIR" "$ZEBU_SET_BACKUP_FOLDER"; do [ -z "$place" ] || set -- "$@" "$place"; done
if said=$(told 0.4 df -B1 --output=target,size,avail,itotal,iavail "$@"); then
  printf '%s\n' "$said" | sed -n '1!s/^\//@place \//p' | sort -u
  exit 0
fi
for place in "$@"; do
  said=$(told $((2 * ${slower%.*})) df -B1 --output=target,size,avail,itotal,iavail "$place")
  status=$?
  if [ $status -ge 124 ]; then echo "@silent $place"; else printf '%s\n' "$said" | sed -n '$s/^\//@place \//p'; fi
done | sort -u
