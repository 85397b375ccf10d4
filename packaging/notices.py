#!/usr/bin/env python3
"""The licences of the crates that the program is made of, as the packages ship them: `notices.py [CARGO FEATURE OPTIONS…]`.

Most of them ask for their notice in every copy. Prints which crates there are, each with its licence, and then every text once,
with the crates that it comes from. The same Cargo.lock gives the same bytes.
"""
import json
import pathlib
import re
import subprocess
import sys

LICENCE_FILE = re.compile(r"^(licen[cs]e|copying|notice|unlicense|copyright)", re.IGNORECASE)
TARGET = "x86_64-unknown-linux-gnu"


def metadata(options):
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", TARGET, *options]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def linked(found):
    """The crates that end up in the program: neither of tests nor of build scripts."""
    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
    root = found["resolve"]["root"]
    reached, waiting = set(), [root]
    while waiting:
        for dependency in nodes[waiting.pop()]["deps"]:
            is_linked = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            if is_linked and dependency["pkg"] not in reached:
                reached.add(dependency["pkg"])
                waiting.append(dependency["pkg"])
    packages = [one for one in found["packages"] if one["id"] in reached - {root}]
    return sorted(packages, key=lambda one: (one["name"], one["version"]))


def texts(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    files = sorted(one for one in folder.iterdir() if LICENCE_FILE.match(one.name) and one.is_file())
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
        yield "\n".join(line.rstrip() for line in text.strip().splitlines())


def main(options):
    packages = linked(metadata(options))
    name = lambda package: f"{package['name']} {package['version']}"
    print("pgcascade is made with these crates. Their licences follow, each text once.\n")
    by_text, without = {}, []
    for package in packages:
        print(f"{name(package)}: {package['license'] or 'see its text below'}")
        found = list(texts(package))
        for text in found:
            by_text.setdefault(text, []).append(name(package))
        if not found:
            without.append(package)
    for text, names in sorted(by_text.items(), key=lambda item: item[1]):
        print(f"\n{'=' * 100}\n{', '.join(names)}\n{'=' * 100}\n\n{text}")
    if without:
        print(f"\n{'=' * 100}\nThese ship no text of their licence; it is the one named above.\n{'=' * 100}\n")
        for package in without:
            print(f"{name(package)}: {package['repository'] or ''}")


main(sys.argv[1:])
