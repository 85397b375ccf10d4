//! What the system leaves room for: shared memory, open files, processes.

use std::fs;
use std::path::Path;

use nix::unistd::{AccessFlags, access, geteuid};

use crate::engine::system::files::{self, Owner};
use crate::engine::system::processes;
use crate::model::plan::{Room, SharedMemory};

const SHARED_MEMORY: &str = "/dev/shm";

pub(super) fn room(owner: Option<Owner>) -> Room {
    let user = owner.map_or_else(|| geteuid().as_raw(), |owner| owner.uid);
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    Room {
        shared_memory: shared_memory(Path::new(SHARED_MEMORY), owner),
        open_files: soft_limit(&limits, "Max open files"),
        processes: processes_left(&limits, user),
    }
}

fn shared_memory(at: &Path, owner: Option<Owner>) -> SharedMemory {
    if !at.is_dir() {
        return SharedMemory::Unseen;
    }
    let is_open = match owner {
        Some(owner) => files::can_write(at, owner),
        None => access(at, AccessFlags::W_OK | AccessFlags::X_OK).is_ok(),
    };
    if is_open {
        files::free_bytes(at).map_or(SharedMemory::Unseen, SharedMemory::Free)
    } else {
        SharedMemory::Closed
    }
}

/// What is left of the user's own bound (root has none) and of the container's.
fn processes_left(limits: &str, user: u32) -> Option<u64> {
    let own = soft_limit(limits, "Max processes")
        .filter(|_| user != 0)
        .map(|limit| limit.saturating_sub(processes::count_of(user)));
    let number = |name: &str| -> Option<u64> {
        let text = fs::read_to_string(Path::new("/sys/fs/cgroup").join(name)).ok()?;
        text.trim().parse().ok()
    };
    let container = number("pids.max")
        .zip(number("pids.current"))
        .map(|(limit, current)| limit.saturating_sub(current));
    [own, container].into_iter().flatten().min()
}

/// The soft limit of a line of `/proc/self/limits`; `None`: unlimited, or not there.
fn soft_limit(limits: &str, name: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_the_kernel_writes_them() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max processes             unlimited            unlimited            processes \n\
                      Max open files            1024                 524288               files     \n";
        assert_eq!(soft_limit(limits, "Max open files"), Some(1024));
        assert_eq!(soft_limit(limits, "Max processes"), None);
        assert_eq!(soft_limit("", "Max processes"), None);
    }

    #[test]
    fn closed_shared_memory_is_told_from_none() {
        let base = tempfile::tempdir().unwrap();
        let stranger = Some(Owner {
            uid: 4_000_000,
            gid: 4_000_000,
        });
        assert_eq!(shared_memory(base.path(), stranger), SharedMemory::Closed);
        assert!(matches!(shared_memory(base.path(), None), SharedMemory::Free(_)));
        assert_eq!(shared_memory(&base.path().join("x"), None), SharedMemory::Unseen);
    }
}
