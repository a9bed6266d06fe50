# SPDX-License-Identifier: EUPL-1.2
#
# validate.py SCHEMA FILE: exit code 0 when python3-jsonschema finds FILE valid, 1 when not. Numbers are read as decimals,
# because 19.99 is no multiple of 0.01 among doubles.
import decimal
import json
import sys

import jsonschema


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file, parse_float=decimal.Decimal)


schema, document = read(sys.argv[1]), read(sys.argv[2])
validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
validator.check_schema(json.load(open(sys.argv[1], encoding="utf-8")))
errors = list(validator.iter_errors(document))
for error in errors:
    print(error.json_path, error.message[:200], file=sys.stderr)
sys.exit(1 if errors else 0)
