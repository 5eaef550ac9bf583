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
# First ID, version and the names of the release that it has or is made from; each without its quotes.
{ IFS= read -r id; IFS= read -r version; IFS= read -r code; } <<RELEASE
$(awk -F= '!($1 in said) { said[$1] = substr($0, length($1) + 2); gsub(/["\047]/, "", said[$1]) }
  END { code = said["UBUNTU_CODENAME"]; if (code == "") code = said["DEBIAN_CODENAME"]; if (code == "") code = said["VERSION_CODENAME"]; print said["ID"]; print said["VERSION_ID"]; print code }' /etc/os-release)
RELEASE
echo "@release ${id:--} ${version:--} ${code:--}"
quiet awk -F, -v code="$code" 'NR == 1 { split($0, name) } $3 == code { for (i = 6; i <= NF; i++) if (name[i] ~ /^eol/ && $i != "") print "@life " name[i] " " $i }' "/usr/share/distro-info/${id##*/}.csv"
states=$(dpkg-query -W -f '${db:Status-Want} ${db:Status-Status} ${binary:Package}\n') && is_listed=yes || is_listed=
printf '%s\n' "$states" | awk '{ sub(/:.*/, "", $3) } $3 == "unattended-upgrades" { package = $2 } $3 ~ /^(cron-apt|landscape-client)$/ && $2 == "installed" { tools = tools "@tool " $3 "\n" }
  END { printf "@package %s\n%s", package, tools }'
eval "$(apt-config shell UPGRADE APT::Periodic::Unattended-Upgrade LISTS APT::Periodic::Update-Package-Lists ENABLE APT::Periodic::Enable)"
printf '@periodic %s %s %s\n' "${ENABLE:-1}" "${LISTS:-0}" "${UPGRADE:-0}" | tr -s ' '
configuration=$(quiet apt-config dump --no-empty --format '%f %v%n' Unattended-Upgrade) ||
  complaint=$(apt-config dump 2>&1 >/dev/null) || echo "@unconfigured $(printf '%s\n' "$complaint" | sed -n 's/^E: *//p' | head -n 1 | cut -c -200)"
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
  installed=$(printf '%s\n' "$states" | awk '$2 == "installed" { sub(/:.*/, "", $3); print $3 }')
  echo "@excluded $(printf '%s\n' "$installed" | excluded | wc -l) $(printf '%s\n' "$installed" | wc -l)"
fi
# Without systemd, nothing is told.
quiet systemctl show apt-daily.timer apt-daily.service apt-daily-upgrade.timer apt-daily-upgrade.service -p Id -p LoadState -p ActiveState -p UnitFileState |
  awk -F= 'function tell() { if (of["Id"] ~ /[.]timer$/) print "@timer " of["Id"] " " of["ActiveState"] " " of["UnitFileState"]; else if (of["Id"] != "") print "@service " of["Id"] " " of["LoadState"]; split("", of) }
    $0 == "" { tell() } { of[$1] = $2 } END { tell() }'
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
  { IFS= read -r date; IFS= read -r until; IFS= read -r release; } <<FIELDS
$(awk 'NR > 40 { exit } match($0, /^[A-Za-z-]+: */) { name = $0; sub(/:.*/, "", name); if (!(name in said)) said[name] = substr($0, RLENGTH + 1) }
    END { print said["Date"]; print said["Valid-Until"]; print "o=" said["Origin"] ",a=" said["Suite"] ",n=" said["Codename"] ",l=" said["Label"] }' "$file")
FIELDS
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
[ -z "$pending" ] || { printf '%s\n' "$pending" | grep -i security; printf '%s\n' "$pending" | grep -vi security; } | grep . | head -n 500
[ -n "$left$only" ] && printf '%s\n' "$pending" | awk '{ print $2 }' | excluded | head -n 500 | sed 's/^/@left /'
[ -n "$is_listed" ] || exit 1
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
echo "@running $(uname -rv)"
for kernel in /boot/vmlinuz-*; do
  [ -f "$kernel" ] && echo "@kernel $(stat -c %Z "$kernel") ${kernel#/boot/vmlinuz-} $(quiet dpkg-query -W -f '${Version}' "linux-image-${kernel#/boot/vmlinuz-}")"
done
echo "@utc $(date +%z)"
