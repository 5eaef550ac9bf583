"""Not ufw but a ruleset of nftables, which is right too."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"iptables"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "ip6tables -P INPUT ACCEPT; iptables -P INPUT ACCEPT; nft 'add table inet guard; add chain inet guard input { type filter hook input priority 5; policy drop; }; add rule inet guard input ct state established,related accept; add rule inet guard input iifname != eth0 accept; add rule inet guard input meta l4proto { 1, 58 } accept; add rule inet guard input tcp dport 22 accept'"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("nft delete table inet guard; iptables -P INPUT DROP; ip6tables -P INPUT DROP")
