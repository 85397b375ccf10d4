"""Reads every file of many exports by the parser of its format: parse.py FOLDER. An error names the file."""

import configparser
import pathlib
import sys

import yaml


class Loader(yaml.SafeLoader):
    """With the tag by which Ansible takes a text as it is."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))

count = 0
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*")):
    text = path.read_text() if path.is_file() else ""
    try:
        if path.suffix in (".yml", ".yaml"):
            list(yaml.load_all(text, Loader))
        elif path.suffix in (".service", ".target", ".cfg"):
            parser = configparser.RawConfigParser(strict=False, allow_no_value=False)
            parser.optionxform = str
            parser.read_string(text)
        else:
            continue
    except (yaml.YAMLError, configparser.Error) as error:
        sys.exit(f"{path}: {error}")
    count += 1
if count == 0:
    sys.exit("nothing to read")
print(f"{count} files were read by their parsers")
