# Rules of nftables' own, in the inet family, with ssh, http and https open and all else dropped, at boot too.
cat >/etc/nftables.conf <<'X'
#!/usr/sbin/nft -f
flush ruleset
table inet filter {
  chain input {
    type filter hook input priority filter; policy drop;
    iif "lo" accept
    ct state vmap { established : accept, related : accept, invalid : drop }
    ip protocol icmp limit rate 10/second accept
    meta l4proto ipv6-icmp accept
    tcp dport { 22, 80, 443 } ct state new accept
    limit rate 5/minute log prefix "dropped: "
  }
  chain forward { type filter hook forward priority filter; policy drop; }
}
X
systemctl enable --now nftables
