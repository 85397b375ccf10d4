//! The PostgreSQL servers of this machine, by the sockets that they listen on: a downstream's port stands in no view.

use std::collections::BTreeSet;

/// More than these nobody runs on one machine.
const MOST: usize = 200;

/// The ports of all sockets `.s.PGSQL.PORT` on which somebody listens here.
pub(super) fn ports() -> BTreeSet<u16> {
    let text = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
    ports_in(&text)
}

fn ports_in(text: &str) -> BTreeSet<u16> {
    let port = |line: &str| {
        let (_, port) = line.rsplit_once("/.s.PGSQL.")?;
        port.trim().parse().ok()
    };
    text.lines().filter_map(port).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_have_their_ports_in_their_names() {
        let text = "Num RefCount Protocol Flags Type St Inode Path\n\
                    0000: 00000002 00000000 00010000 0001 01 1 /var/run/postgresql/.s.PGSQL.5432\n\
                    0000: 00000002 00000000 00010000 0001 01 2 ../../../run/.s.PGSQL.15432\n\
                    0000: 00000003 00000000 00000000 0001 03 3 /run/x/.s.PGSQL.15432\n0000: 00000003 @/tmp/x\n";
        assert_eq!(ports_in(text), BTreeSet::from([5432, 15432]));
    }
}
