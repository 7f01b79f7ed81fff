"""Whose address counts: only the hops that are ours are believed."""

import pytest
from django.test import RequestFactory, override_settings

from apps.core.client_address import UNKNOWN, address_behind, client_address


@pytest.mark.parametrize(
    ("remote", "forwarded_for", "trusted_proxies", "expected"),
    [
        # Without a proxy of ours the header is the client's own invention.
        ("203.0.113.7", "", 0, "203.0.113.7"),
        ("203.0.113.7", "1.2.3.4", 0, "203.0.113.7"),
        ("203.0.113.7", "1.2.3.4, 5.6.7.8", 0, "203.0.113.7"),
        # One proxy: the last entry is what it saw; all before it is forged.
        ("10.0.0.1", "203.0.113.7", 1, "203.0.113.7"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.7", 1, "203.0.113.7"),
        ("10.0.0.1", "1.2.3.4,5.6.7.8,203.0.113.7", 1, "203.0.113.7"),
        ("10.0.0.1", "<script>, 203.0.113.7", 1, "203.0.113.7"),
        # Two proxies.
        ("10.0.0.1", "203.0.113.7, 10.0.0.2", 2, "203.0.113.7"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.7, 10.0.0.2", 2, "203.0.113.7"),
        # A chain that is too short was not made by our proxies: the socket's peer is the only certain address.
        ("203.0.113.7", "1.2.3.4", 2, "203.0.113.7"),
        ("203.0.113.7", "", 1, "203.0.113.7"),
        ("203.0.113.7", "1.2.3.4", 99, "203.0.113.7"),
        # Garbage where an address should be.
        ("10.0.0.1", "unknown", 1, "10.0.0.1"),
        ("10.0.0.1", "_hidden", 1, "10.0.0.1"),
        ("10.0.0.1", "203.0.113.7,", 1, "10.0.0.1"),
        ("10.0.0.1", " , ,", 1, "10.0.0.1"),
        ("10.0.0.1", "999.1.1.1", 1, "10.0.0.1"),
        ("10.0.0.1", "203.0.113.07", 1, "10.0.0.1"),
        ("10.0.0.1", "1" * 100_000, 1, "10.0.0.1"),
        ("", "", 0, UNKNOWN),
        ("", "nonsense", 1, UNKNOWN),
        ("/run/web.sock", "", 0, UNKNOWN),
        ("", "203.0.113.7", 1, "203.0.113.7"),
        # The ways proxies write an address.
        ("10.0.0.1", "203.0.113.7:51234", 1, "203.0.113.7"),
        ("10.0.0.1", '"203.0.113.7"', 1, "203.0.113.7"),
        ("10.0.0.1", "[2001:db8:1:2:3:4:5:6]:443", 1, "2001:db8:1:2::/64"),
        ("10.0.0.1", '"[2001:db8:1:2:3:4:5:6]"', 1, "2001:db8:1:2::/64"),
        ("10.0.0.1", "2001:DB8:1:2::9", 1, "2001:db8:1:2::/64"),
        # IPv6 counts by network; an IPv4 address in its clothes is an IPv4 address.
        ("2001:db8:1:2:ffff::1", "", 0, "2001:db8:1:2::/64"),
        ("2001:db8:1:2::2", "", 0, "2001:db8:1:2::/64"),
        ("2001:db8:1:3::2", "", 0, "2001:db8:1:3::/64"),
        ("::1", "", 0, "::/64"),
        ("fe80::1%eth0", "", 0, "fe80::/64"),
        ("::ffff:203.0.113.7", "", 0, "203.0.113.7"),
    ],
)
def test_only_our_own_hops_are_believed(remote: str, forwarded_for: str, trusted_proxies: int, expected: str) -> None:
    assert address_behind(remote=remote, forwarded_for=forwarded_for, trusted_proxies=trusted_proxies) == expected


@pytest.mark.parametrize(("trusted_proxies", "expected"), [(0, "10.0.0.1"), (1, "203.0.113.7"), (2, "1.2.3.4")])
def test_a_request_is_read_by_the_setting(trusted_proxies: int, expected: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "1.2.3.4, 203.0.113.7"})
    with override_settings(TRUSTED_PROXIES=trusted_proxies):
        assert client_address(request) == expected


def test_one_client_cannot_look_like_many_by_forging_headers() -> None:
    seen = {
        address_behind(remote="10.0.0.1", forwarded_for=f"198.51.100.{n}, 203.0.113.7", trusted_proxies=1)
        for n in range(50)
    }
    assert seen == {"203.0.113.7"}
