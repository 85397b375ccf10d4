"""Each Cluster against the operator's CRD, made strict: the API server drops unknown keys without a word."""

import sys

import jsonschema
import yaml


def strict(schema):
    if isinstance(schema, dict):
        if schema.pop("x-kubernetes-int-or-string", False):
            schema.pop("type", None)
            schema["anyOf"] = [{"type": "integer"}, {"type": "string"}]
        if schema.pop("nullable", False) and isinstance(schema.get("type"), str):
            schema["type"] = [schema["type"], "null"]
        if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            strict(value)
    elif isinstance(schema, list):
        for value in schema:
            strict(value)
    return schema


crd = yaml.safe_load(open(sys.argv[1]))
schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
schema["properties"]["metadata"] = {"type": "object"}
validator = jsonschema.Draft7Validator(strict(schema))
failed = 0
for path in sys.argv[2:]:
    for cluster in yaml.safe_load_all(open(path)):
        for error in validator.iter_errors(cluster):
            failed += 1
            print(path, "/".join(map(str, error.path)), error.message)
sys.exit(failed > 0)
