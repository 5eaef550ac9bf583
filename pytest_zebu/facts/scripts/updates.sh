# Updates: `@package`, `@periodic`, `@origins`, `@timer`, `@stamp`, `@run`, `@list`, `@refreshed`, `@pending NAME VERSION ORIGIN`,
# `@reboot`, `@utc`.
# `apt-get -s` simulates: it takes no lock and writes nothing. The time of a list is the server's: when it was published.
command -v apt-get >/dev/null || exit 127
echo "@package $(dpkg-query -W -f '${db:Status-Status}' unattended-upgrades 2>/dev/null)"
eval "$(apt-config shell UPGRADE APT::Periodic::Unattended-Upgrade LISTS APT::Periodic::Update-Package-Lists ENABLE APT::Periodic::Enable)"
echo "@periodic ${ENABLE:-1} ${LISTS:-0} ${UPGRADE:-0}"
apt-config dump Unattended-Upgrade | grep -iE 'Origins-Pattern::|Allowed-Origins::' | grep -ic security | sed 's/^/@origins /'
for timer in apt-daily.timer apt-daily-upgrade.timer; do
  systemctl show "$timer" -p UnitFileState -p ActiveState --value 2>/dev/null | tr '\n' ' ' | sed "s/^/@timer $timer /; s/ *$//"; echo
done
[ -f /var/lib/apt/periodic/unattended-upgrades-stamp ] && echo "@stamp $(stat -c %Y /var/lib/apt/periodic/unattended-upgrades-stamp)"
log=/var/log/unattended-upgrades/unattended-upgrades.log
{ [ -f "$log.1" ] && cat "$log.1"; [ -f "$log" ] && cat "$log"; } 2>/dev/null | tail -n 400 |
  awk '/ INFO Starting unattended upgrades script/ { start = $1 " " $2; errors = 0 } / ERROR / { errors++ } END { if (start != "") print "@run " start " " errors }'
for list in /var/lib/apt/lists/*_Packages /var/lib/apt/lists/*_Packages.*; do
  [ -f "$list" ] && case ${list##*/} in *ecurity*) echo "@list $(stat -c %Y "$list")" ;; esac
done
echo "@refreshed $(stat -c %Y /var/lib/apt/periodic/update-success-stamp 2>/dev/null || stat -c %Y /var/lib/apt/lists 2>/dev/null)"
apt-get -s -qq -o Debug::NoLocking=1 -o APT::Get::Show-User-Simulation-Note=0 dist-upgrade 2>/dev/null | sed -n 's/^Inst \([^ ]*\) \(\[[^]]*\] \)\{0,1\}(\([^ ]*\) \(.*\)).*/@pending \1 \3 \4/p' | head -n 500
[ -e /run/reboot-required ] && echo "@reboot $(stat -c %Y /run/reboot-required)"
echo "@utc $(date +%z)"
