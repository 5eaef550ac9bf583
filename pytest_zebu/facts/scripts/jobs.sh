# What runs by itself: `@timer`, `@cron`, `@entry FILE<tab>LINE` or `@period PERIOD FILE`, each before what is told of it:
# `@enabled`, `@active`, `@service KEY=VALUE`, `@line TEXT`, `@when`, `@next`.
# Of a script, only the lines that name a tool of interest are told; the filter takes secrets out of those too.
tools='pg_dump|pg_dumpall|pg_basebackup|pgbackrest|barman|wal-g|vzdump|restic|borg|rsync|rclone|scp |aws s3|certbot|acme\.sh|prune|logrotate|journalctl|docker (system|image|builder)|find .*(-delete|rm )|-mtime|keep'
excerpt() {
  case $1 in /*) ;; *) return ;; esac
  [ -f "$1" ] && head -c 2 "$1" | grep -q '#!' && head -c 65536 "$1" | grep -aE "$tools" | head -n 30 | sed 's/^/@line /'
}
systemctl show '*.timer' -p Id -p Unit -p UnitFileState -p ActiveState -p TimersCalendar -p TimersMonotonic 2>/dev/null |
  awk -F= '
    function flush() { if (id != "") print id "\t" unit "\t" state "\t" active "\t" calendar; id = unit = state = active = calendar = "" }
    $1 == "" { flush() }
    $1 == "Id" { id = $2 }
    $1 == "Unit" { unit = $2 }
    $1 == "UnitFileState" { state = $2 }
    $1 == "ActiveState" { active = $2 }
    $1 == "TimersCalendar" || $1 == "TimersMonotonic" { sub(/^[^=]*=/, ""); calendar = calendar " " $0 }
    END { flush() }' |
  while IFS="$(printf '\t')" read -r id unit state active calendar; do
    case $unit in *[!A-Za-z0-9@_.:\\-]*|'') continue ;; esac
    printf '@timer %s\n@enabled %s\n@active %s\n' "$id" "$state" "$active"
    shown=$(systemctl show "$unit" -p ExecStart -p Result -p ExecMainExitTimestamp -p ExecMainStatus --timestamp=unix 2>/dev/null)
    lines=$(for program in $(printf '%s\n' "$shown" | grep -o 'path=[^ ;]*' | cut -d= -f2); do excerpt "$program"; done)
    printf '%s\n%s\n' "$(printf '%s\n' "$shown" | sed 's/^/@service /')" "$lines" | sed '/^$/d'
    # When it runs next matters for what is of interest only: working it out costs more than all the rest.
    printf '%s\n%s\n' "$shown" "$lines" | grep -qE "$tools" || continue
    printf '%s\n' "$calendar" | grep -o 'On[A-Za-z]*=[^;]*' | while IFS= read -r when; do
      printf '@when %s\n' "$when"
      case $when in
        OnCalendar=*) systemd-analyze calendar --iterations=8 "$(printf '%s' "${when#OnCalendar=}" | sed 's/ *$//')" 2>/dev/null |
          sed -n 's/.*\(Next elapse\|Iter[^:]*\|(in UTC)\): *//p' | sed 's/^/@next /' ;;
      esac
    done
  done
echo "@cron $(systemctl is-active cron 2>/dev/null || systemctl is-active crond 2>/dev/null)"
for file in /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/*; do
  [ -f "$file" ] || continue
  case ${file##*/} in *.*|*~) continue ;; esac
  grep -aE '^[[:space:]]*[0-9*@]' "$file" 2>/dev/null | head -n 50 | while IFS= read -r line; do
    printf '@entry %s\t%s\n' "$file" "$line"
    for word in $line; do excerpt "$word"; done
  done
done
for period in hourly daily weekly monthly; do
  for file in "/etc/cron.$period"/*; do
    [ -x "$file" ] || continue
    # Debian's packages bring both; the script looks for systemd, and leaves it to the timer.
    [ -d /run/systemd/system ] && head -c 4096 "$file" | grep -q 'd /run/systemd/system' && continue
    printf '@period %s %s\n' "$period" "$file"
    excerpt "$file"
  done
done
