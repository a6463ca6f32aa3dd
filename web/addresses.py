"""Whom a limit counts: the address that asks, as coarse as one visitor can change it."""

import ipaddress

from flask import request

_ONE_VISITORS = 64
"""Bits of an IPv6 address that a network gives to one line or phone (RFC 6177; RFC 7934): the rest
the visitor chooses, anew for each request."""


def visitor_address() -> str:
    """Name the address that the request came from, for counting; "" when nobody knows.

    All addresses of one IPv6 network of 64 bits are one visitor, or no limit would hold for it; an
    IPv4 address is the same however it is written. `trusted_proxies` says who is believed about it.
    """
    told = request.remote_addr or ""
    try:
        address = ipaddress.ip_address(told.partition("%")[0])
    except ValueError:
        return told
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), _ONE_VISITORS), strict=False))
    return str(address)
