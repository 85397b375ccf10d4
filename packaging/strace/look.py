#!/usr/bin/env python3
"""What processes did as root below a folder, by a trace of strace -f -y: `look.py TRACE FOLDER`.

Exits with 1 if any of it made, opened for writing, changed or removed something by a path: whoever owns that folder could have
put a link on the way. What is reached from an open descriptor is fine. Prints also what was done as another user, so that a trace
that saw nothing is not taken for a good one.
"""
import re
import sys

BY_PATH = {"chown", "lchown", "chmod", "unlink", "rename", "mkdir", "rmdir", "symlink", "link", "truncate", "creat"}
AT = {"fchownat", "fchmodat", "fchmodat2", "unlinkat", "renameat", "renameat2", "mkdirat", "symlinkat", "linkat"}
OPENS = {"open", "openat", "openat2"}
WRITES = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC)")


def calls(trace):
    """Each call with its process, where it was interrupted put together again."""
    pending = {}
    for line in open(trace, errors="replace"):
        begun = re.match(r"(\d+)\s+(.*)", line)
        if not begun:
            continue
        pid, rest = int(begun[1]), begun[2]
        resumed = re.match(r"<\.\.\. (\w+) resumed>(.*)", rest)
        if resumed:
            rest = pending.pop((pid, resumed[1]), resumed[1] + "(") + resumed[2]
        elif "<unfinished ...>" in rest:
            name = re.match(r"(\w+)\(", rest)
            if name:
                pending[(pid, name[1])] = rest.replace(" <unfinished ...>", "")
            continue
        call = re.match(r"(\w+)\((.*)\)\s*=\s*(-?\d+)", rest)
        if call:
            yield pid, call[1], call[2], int(call[3])


def is_by_path(name, words, folder):
    if name in OPENS and not WRITES.search(words):
        return False
    if name not in BY_PATH | AT | OPENS:
        return False
    return any(path.startswith(folder) for path in re.findall(r'"((?:[^"\\]|\\.)*)"', words))


def main(trace, folder):
    users, found = {}, {True: [], False: []}
    for pid, name, words, result in calls(trace):
        user = users.setdefault(pid, 0)
        if name in ("clone", "clone3", "fork", "vfork") and result > 0:
            users.setdefault(result, user)
        elif name in ("setuid", "setresuid", "setreuid") and result == 0:
            wanted = [int(one) for one in re.findall(r"-?\d+", words) if int(one) >= 0]
            users[pid] = wanted[-1] if wanted else user
        elif is_by_path(name, words, folder):
            found[user == 0].append(f"{pid} {name}({words[:150]}) = {result}")
    print(f"by path below {folder}: {len(found[True])} as root, {len(found[False])} as another user")
    for line in found[True]:
        print(line)
    return 1 if found[True] else 0


sys.exit(main(sys.argv[1], sys.argv[2]))
