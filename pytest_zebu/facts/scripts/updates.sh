# Updates. Each record stands for itself; what a machine has not, is not told:
#   @release ID VERSION CODENAME; @life COLUMN DATE, of distro-info-data; @package STATE; @tool NAME
#   @periodic ENABLE LISTS UPGRADE; @pattern TEXT; @allowed TEXT; @days TEXT; @shutdown TEXT; @excluded COUNT OF-INSTALLED
#   @timer NAME ACTIVE ENABLED; @service NAME LOAD-STATE; @stamp MOMENT; @run DATE TIME ERRORS
#   @suite PRIORITY SITE RELEASE; @target SUITE SITE; @list ARRIVED PUBLISHED; @published DATE UNTIL RELEASE
#   @refreshed MOMENT; @simulated STATUS COMPLAINT; @unconfigured COMPLAINT; @pending NAME VERSION ORIGIN; @held NAME; @left NAME
#   @pinned NAME VERSION; @broken STATE NAME; @busy; @reboot MOMENT; @booted MOMENT; @kernel MOMENT RELEASE; @running RELEASE VERSION; @utc OFFSET
# `apt-get -s` simulates: it takes no lock; held packages count, since they wait too. apt would renew its caches: they are
# left as they are, and read where they are newer than all that they were made of.
# shellcheck disable=SC2016  # what is in single quotes is dpkg's and apt's own
command -v apt-get >/dev/null || exit 127
kept=/var/cache/apt/srcpkgcache.bin
set -- -o Dir::Cache::pkgcache=
for source in /var/lib/apt/lists /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/sources.list.d/*; do
  [ -e "$source" ] && [ ! "$kept" -nt "$source" ] && set -- -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
done
told() { sed -n "s/^$1=//p" /etc/os-release | tr -d "\"'" | head -n 1; }
id=$(told ID); code=$(told UBUNTU_CODENAME); code=${code:-$(told DEBIAN_CODENAME)}; code=${code:-$(told VERSION_CODENAME)}
version=$(told VERSION_ID)
echo "@release ${id:--} ${version:--} ${code:--}"
quiet awk -F, -v code="$code" 'NR == 1 { split($0, name) } $3 == code { for (i = 6; i <= NF; i++) if (name[i] ~ /^eol/ && $i != "") print "@life " name[i] " " $i }' "/usr/share/distro-info/${id##*/}.csv"
echo "@package $(quiet dpkg-query -W -f '${db:Status-Status}' unattended-upgrades)"
for tool in cron-apt landscape-client; do
  [ "$(quiet dpkg-query -W -f '${db:Status-Status}' "$tool")" = installed ] && echo "@tool $tool"
done
eval "$(apt-config shell UPGRADE APT::Periodic::Unattended-Upgrade LISTS APT::Periodic::Update-Package-Lists ENABLE APT::Periodic::Enable)"
printf '@periodic %s %s %s\n' "${ENABLE:-1}" "${LISTS:-0}" "${UPGRADE:-0}" | tr -s ' '
complaint=$(apt-config dump 2>&1 >/dev/null) || echo "@unconfigured $(printf '%s\n' "$complaint" | sed -n 's/^E: *//p' | head -n 1 | cut -c -200)"
configuration=$(quiet apt-config dump --no-empty --format '%f %v%n' Unattended-Upgrade)
printf '%s\n' "$configuration" | sed -nE 's/^[^ ]*::Origins-Pattern::[^ ]* /@pattern /ip; s/^[^ ]*::Allowed-Origins::[^ ]* /@allowed /ip; s/^[^ ]*::Update-Days::[^ ]* /@days /ip; s/^[^ ]*::InstallOnShutdown /@shutdown /ip'
left=$(printf '%s\n' "$configuration" | sed -nE 's/^[^ ]*::Package-Blacklist::[^ ]* //ip')
only=$(printf '%s\n' "$configuration" | sed -nE 's/^[^ ]*::Package-Whitelist::[^ ]* //ip')
# Names among those on standard input that unattended-upgrades is told to leave alone: its patterns match from the start.
excluded() {
  LEFT=$left ONLY=$only perl -e '
    my ($left, $only) = map { my $all = $_; [map { my $one = $_; eval { qr/^(?:$one)/ } // qr/^\Q$one\E/ } grep { length } split /\n/, $all] } @ENV{qw(LEFT ONLY)};
    while (my $name = <STDIN>) { chomp $name; print "$name\n" if (grep { $name =~ $_ } @$left) || @$only && !grep { $name =~ $_ } @$only }'
}
if [ -n "$left$only" ]; then
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
  echo "@excluded $(printf '%s\n' "$installed" | excluded | wc -l) $(printf '%s\n' "$installed" | wc -l)"
fi
for name in apt-daily apt-daily-upgrade; do
  state=$(quiet systemctl show "$name.timer" -p UnitFileState -p ActiveState --value | tr '\n' ' ')
  [ -n "$state" ] || continue  # without systemd, nothing is told
  echo "@timer $name.timer ${state% }"
  echo "@service $name.service $(quiet systemctl show "$name.service" -p LoadState --value | head -n 1)"
done
[ -f /var/lib/apt/periodic/unattended-upgrades-stamp ] && echo "@stamp $(stat -c %Y /var/lib/apt/periodic/unattended-upgrades-stamp)"
# The log speaks the machine's language; levels and the patterns of origins, which every run names as it begins, do not.
# shellcheck disable=SC2012  # logrotate's names have no blanks
quiet ls -t /var/log/unattended-upgrades/unattended-upgrades.log* | head -n 2 | sort -r | while read -r log; do
  case $log in *.xz) quiet xz -dc "$log" ;; *.zst) quiet zstd -qdc "$log" ;; *.bz2) quiet bzip2 -dc "$log" ;; *) quiet gzip -cdf "$log" ;; esac
done | tail -n 2000 |
  awk '/ INFO Starting unattended upgrades script/ || $3 == "INFO" && /[: ,\047\[](o|origin|l|label|a|suite|archive|c|component|site|n|codename)=/ { start = $1 " " $2; errors = 0 }
    $3 == "ERROR" || $3 == "CRITICAL" { errors++; if (start == "") start = $1 " " $2 } END { if (start != "") print "@run " start " " errors + 0 }'
policy=$(quiet apt-cache "$@" policy)
printf '%s\n' "$policy" | awk 'function told() { if (release != "") print "@suite " priority " " site " " release; release = ""; site = "-" }
  /^Pinned/ { exit } /^ *-?[0-9]+ / { told(); priority = $1; own = $2 ~ /dpkg\/status$/ } / release / && !own { sub(/^ *release /, ""); release = $0 }
  /^ *origin [^ ]/ { site = $2 } END { told() }'
quiet apt-get "$@" indextargets --no-release-info --format '$(RELEASE) $(SITE)' 'Created-By: Packages' | sed -E 's/^([^ ]*) ([a-z+]*:\/*)?([^/@]*@)?([^/]*).*/@target \1 \4/' | sort -u | head -n 100
for file in /var/lib/apt/lists/*Release; do
  [ -f "$file" ] || continue
  value() { sed -n "1,40s/^$1: *//p" "$file" | head -n 1; }
  date=$(value Date); until=$(value Valid-Until)
  release="o=$(value Origin),a=$(value Suite),n=$(value Codename),l=$(value Label)"
  echo "@published $(quiet date -d "$date" +%s || echo -) $([ -n "$until" ] && quiet date -d "$until" +%s || echo -) $release"
  case $release in *ecurity*)
    for list in "${file%_InRelease}"_*_Packages* "${file%_Release}"_*_Packages*; do
      [ -f "$list" ] && echo "@list $(stat -c '%Z %Y' "$list")"
    done ;;
  esac
done
for file in /var/lib/apt/periodic/update-success-stamp /var/lib/apt/periodic/update-stamp /var/lib/apt/lists; do
  [ -e "$file" ] && stat -c %Y "$file"
done | sort -n | tail -n 1 | sed 's/^/@refreshed /'
simulated=$(apt-get "$@" -s -qq -o Debug::NoLocking=1 -o APT::Ignore-Hold=1 --allow-change-held-packages -o APT::Get::Show-User-Simulation-Note=0 dist-upgrade 2>&1)
status=$?
echo "@simulated $status $([ $status = 0 ] || printf '%s\n' "$simulated" | sed -n 's/^E: *//p' | head -n 1 | cut -c -200)"
pending=$(printf '%s\n' "$simulated" | sed -n 's/^Inst \([^ ]*\) \(\[[^]]*\] \)\{0,1\}(\([^ ]*\) \(.*\)).*/@pending \1 \3 \4/p')
{ printf '%s\n' "$pending" | grep -i security; printf '%s\n' "$pending" | grep -vi security; } | grep . | head -n 500
[ -n "$left$only" ] && printf '%s\n' "$pending" | awk '{ print $2 }' | excluded | head -n 500 | sed 's/^/@left /'
states=$(dpkg-query -W -f '${db:Status-Want} ${db:Status-Status} ${binary:Package}\n') || exit 1
printf '%s\n' "$states" | sed -n 's/^hold [^ ]* /@held /p' | head -n 500
# Of what is pinned, versions from a security suite that stand above the installed one.
pinned=$(printf '%s\n' "$policy" | awk 'ours { print $1 } /^Pinned packages/ { ours = 1 }' | sort -u | head -n 200)
# shellcheck disable=SC2086  # names of packages
[ -n "$pinned" ] && quiet apt-cache "$@" policy $pinned | awk '/^[^ ].*:$/ { name = substr($1, 1, length($1) - 1); above = 1; version = "" }
  $1 == "Installed:" && $2 == "(none)" { above = 0 } / \*\*\* / { above = 0 } /^     [^ ]/ { version = $1 } above && version != "" && /^ +-?[0-9]+ / && /ecurity/ { print "@pinned " name " " version; above = 0 }'
printf '%s\n' "$states" | sed -nE 's/^[^ ]* (half-installed|half-configured|unpacked) /@broken \1 /p' | head -n 20
quiet grep -q ":$(quiet stat -c %i /var/lib/dpkg/lock-frontend || echo none) " /proc/locks && echo @busy
[ -e /run/reboot-required ] && echo "@reboot $(stat -c %Y /run/reboot-required)"
quiet sed -n 's/^btime /@booted /p' /proc/stat
echo "@running $(uname -r) $(uname -v)"
for kernel in /boot/vmlinuz-*; do
  [ -f "$kernel" ] && echo "@kernel $(stat -c %Z "$kernel") ${kernel#/boot/vmlinuz-} $(quiet dpkg-query -W -f '${Version}' "linux-image-${kernel#/boot/vmlinuz-}")"
done
echo "@utc $(date +%z)"
