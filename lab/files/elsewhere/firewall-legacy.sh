# iptables-legacy, kept by netfilter-persistent: ssh, http and https are open in both families, all else is dropped.
dpkg --purge ufw
dpkg --install /root/persistent/*.deb
for tool in iptables ip6tables; do
  update-alternatives --set "$tool" "/usr/sbin/$tool-legacy"
  "$tool" -A INPUT -i lo -j ACCEPT
  "$tool" -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  "$tool" -A INPUT -p tcp -m multiport --dports 22,80,443 -m conntrack --ctstate NEW -j ACCEPT
  "$tool" -P INPUT DROP
  "$tool" -P FORWARD DROP
done
iptables -A INPUT -p icmp -m icmp --icmp-type echo-request -j ACCEPT
ip6tables -A INPUT -p ipv6-icmp -j ACCEPT
netfilter-persistent save
systemctl enable --now netfilter-persistent
