# The dumps: `@absent`, or `@here DEVICE AVAILABLE`; `@copy ...` in front of those of the copy; `@file SIZE MADE NAME`.
# A copy on another machine is listed the way that the machine itself reaches it; nothing is written there.
list() { find . -maxdepth 1 -type f -name "$ZEBU_SET_BACKUP_PATTERN" -printf '@file %s %T@ %f\n' | head -n 2000; }
if [ -n "$ZEBU_SET_BACKUP_FOLDER" ]; then
  if cd "$ZEBU_SET_BACKUP_FOLDER" 2>/dev/null; then
    echo "@here $(stat -c %d .) $(df -B1 --output=avail . | tail -n 1 | tr -d ' ')"
    list
  else echo @absent
  fi
fi
case $ZEBU_SET_BACKUP_COPY in
  '') ;;
  /*)
    if cd "$ZEBU_SET_BACKUP_COPY" 2>/dev/null; then
      echo "@copy folder $(stat -c %d .) $(findmnt -nT . -o FSTYPE) $(findmnt -nvT . -o SOURCE)"
      list
    else echo "@copy absent"
    fi ;;
  *)
    host=${ZEBU_SET_BACKUP_COPY#*@}; host=${host%%:*}; place=${ZEBU_SET_BACKUP_COPY#*:}
    own=$(ip -o addr 2>/dev/null | awk '{ sub("/.*", "", $4); print $4 }')
    same=0; for address in $(timeout 4 getent ahosts "$host" | awk '{ print $1 }'); do for mine in $own; do [ "$address" = "$mine" ] && same=1; done; done
    # The folder and the pattern have no character that a shell there would take for its own.
    if listing=$(timeout 6 ssh -o BatchMode=yes -o ConnectTimeout=4 -o StrictHostKeyChecking=yes "${ZEBU_SET_BACKUP_COPY%%:*}" "cd $place && find . -maxdepth 1 -type f -name '$ZEBU_SET_BACKUP_PATTERN' -printf '@file %s %T@ %f\n'" 2>/dev/null); then
      echo "@copy host $same $host"
      printf '%s\n' "$listing" | head -n 2000
    else echo "@copy unreachable $host"
    fi ;;
esac
