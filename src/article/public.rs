//! Which addresses belong to everybody, and which to a network of somebody's own. It resolves no name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Names that only ever mean something inside a network (RFC 6761, 6762, 8375, and the private-use name of ICANN).
const LOCAL: &[&str] = &["localhost", "local", "internal", "home.arpa"];

/// True when a reader who was shown this address could be led into their own network by it: whatever shows a picture asks
/// for it unseen. What stands on the page's own host is where the reader is led anyway.
pub fn leads_inside(url: &Url, page: &Url) -> bool {
    if url.host() == page.host() {
        return false;
    }
    match url.host() {
        Some(Host::Ipv4(address)) => not_public(address.into()).is_some(),
        Some(Host::Ipv6(address)) => not_public(address.into()).is_some(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let ends =
                |local: &&str| name.strip_suffix(*local).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
            !name.contains('.') || LOCAL.iter().any(ends)
        }
        None => false,
    }
}

/// What an address is that is not public; none: it is.
pub fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => class_v4(v4),
        IpAddr::V6(v6) => class_v6(v6),
    }
}

fn class_v4(ip: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, _] = ip.octets();
    Some(match (a, b, c) {
        (0, ..) => "in 0.0.0.0/8 (this network)",
        (127, ..) => "loopback",
        (10, ..) | (192, 168, _) => "private",
        (172, 16..=31, _) => "private",
        (169, 254, _) => "link-local",
        (100, 64..=127, _) => "carrier-grade NAT",
        (192, 0, 0) => "reserved (192.0.0.0/24)",
        (192, 0, 2) | (198, 51, 100) | (203, 0, 113) => "documentation",
        (198, 18..=19, _) => "benchmarking",
        (192, 88, 99) => "6to4 relay",
        (224..=239, ..) => "multicast",
        (240..=255, ..) => "reserved or broadcast",
        _ => return None,
    })
}

fn class_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let s = ip.segments();
    Some(match s {
        [0, 0, 0, 0, 0, 0, 0, 0] => "unspecified",
        [0, 0, 0, 0, 0, 0, 0, 1] => "loopback",
        [0, 0, 0, 0, 0, 0xFFFF, ..] => "IPv4-mapped",
        [0, 0, 0, 0, 0, 0, ..] => "IPv4-compatible",
        [0x64, 0xFF9B, ..] => "NAT64",
        [0x2002, ..] => "6to4",
        [0x2001, 0, ..] => "Teredo",
        [0x2001, 0xDB8, ..] => "documentation",
        [0x100, 0, 0, 0, ..] => "discard-only",
        [0xFC00..=0xFDFF, ..] => "unique local",
        [0xFE80..=0xFEBF, ..] => "link-local",
        [0xFEC0..=0xFEFF, ..] => "site-local",
        [0xFF00..=0xFFFF, ..] => "multicast",
        [0x2000..=0x3FFF, ..] => return None,
        _ => "not global unicast",
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_inside_and_what_does_not() {
        let page: Url = "https://office.example/news/1".parse().unwrap();
        for inside in [
            "http://192.168.1.1/reboot",
            "http://0x7f.1/",
            "http://[::1]/",
            "http://[fd00::1]/",
            "http://169.254.169.254/latest/",
            "http://localhost/",
            "http://LOCALHOST./",
            "http://a.localhost:3000/",
            "http://printer.local/",
            "http://router/logout",
            "http://x.internal/",
            "http://hub.home.arpa/",
        ] {
            assert!(leads_inside(&inside.parse().unwrap(), &page), "{inside}");
        }
        for outside in [
            "https://office.example/a.jpg",
            "https://cdn.example.net/a.jpg",
            "http://203.0.112.7/a.jpg",
            "http://notlocal.example/a.jpg",
            "http://mylocalhost.example/",
            "http://[2606:4700::1]/",
            "mailto:x@y.example",
        ] {
            assert!(!leads_inside(&outside.parse().unwrap(), &page), "{outside}");
        }
        let intranet: Url = "http://10.0.0.7/news".parse().unwrap();
        assert!(!leads_inside(&"http://10.0.0.7/a.jpg".parse().unwrap(), &intranet));
        assert!(leads_inside(&"http://10.0.0.8/a.jpg".parse().unwrap(), &intranet));
    }
}
