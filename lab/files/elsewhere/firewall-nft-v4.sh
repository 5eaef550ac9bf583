# Rules of nftables' own for IPv4 alone: over IPv6, by which the machine has an address, everything is open.
cat >/etc/nftables.conf <<'X'
#!/usr/sbin/nft -f
flush ruleset
table ip filter {
  chain input {
    type filter hook input priority filter; policy drop;
    iif "lo" accept
    ct state established,related accept
    ip protocol icmp accept
    tcp dport { 22, 80, 443 } accept
  }
}
X
systemctl enable --now nftables
