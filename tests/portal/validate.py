# SPDX-License-Identifier: EUPL-1.2
#
# validate.py SCHEMA FILE: exit code 0 when python3-jsonschema finds FILE valid, 1 when not. Numbers are read as decimals,
# because 19.99 is no multiple of 0.01 among doubles. A schema whose items are a list is of draft-07, whatever it says of itself.
import decimal
import json
import sys

import jsonschema


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file, parse_float=decimal.Decimal)


schema, document = read(sys.argv[1]), read(sys.argv[2])
tuples = any(isinstance(each.get("items"), list) for each in schema["properties"].values())
Draft = jsonschema.Draft7Validator if tuples else jsonschema.Draft202012Validator
validator = Draft(schema, format_checker=jsonschema.FormatChecker())
validator.check_schema(json.load(open(sys.argv[1], encoding="utf-8")))
errors = list(validator.iter_errors(document))
for error in errors:
    print(error.json_path, error.message[:200], file=sys.stderr)
sys.exit(1 if errors else 0)
