"""Validates documents for the tests, with an implementation of JSON Schema that shares no code with amp-stack.

Reads one JSON object from standard input, `{"schema": {...}, "documents": [...]}`, in which a document may be
`{"at": "#/definitions/...", "value": ...}` to be checked against a part of the schema. Answers with one array on standard output:
for each document the array of what is wrong with it, as `{"at": "log_groups.app", "says": "..."}`.
"""

import json
import sys

from jsonschema import Draft7Validator

request = json.load(sys.stdin)
schema = request["schema"]
Draft7Validator.check_schema(schema)


def wrong(document):
    part = {"$ref": document["at"], "definitions": schema["definitions"]} if document["at"] else schema
    if document["at"].startswith("#/properties/"):
        part["properties"] = schema["properties"]
    errors = Draft7Validator(part).iter_errors(document["value"])
    return [{"at": ".".join(map(str, error.absolute_path)), "says": error.message[:200]} for error in errors]


json.dump([wrong(document) for document in request["documents"]], sys.stdout)
