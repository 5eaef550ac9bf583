# The packet filter: `@v4`, `@v6`, `@nft`, each before what its tool says; `@boot` before lines `key=value`.
command -v iptables-save >/dev/null || command -v nft >/dev/null || exit 127
echo @v4; iptables-save -t filter 2>/dev/null
echo @v6; ip6tables-save -t filter 2>/dev/null
echo @nft; nft -j list ruleset 2>/dev/null
echo @boot
if [ -f /etc/ufw/ufw.conf ]; then
  echo "ufw_enabled=$(sed -n 's/^ENABLED=//p' /etc/ufw/ufw.conf | tail -n 1)"
  echo "ufw_unit=$(systemctl is-enabled ufw 2>/dev/null)"
  echo "ufw_v6=$(sed -n 's/^IPV6=//p' /etc/default/ufw 2>/dev/null | tail -n 1)"
fi
for unit in nftables netfilter-persistent firewalld; do echo "$unit=$(systemctl is-enabled $unit 2>/dev/null)"; done
echo "v6=$(ip -6 -o addr show scope global 2>/dev/null | grep -c inet6)"
