"""check_schema.py SCHEMA [FILE]: each line of the file, or of the standard input, is a report as the schema has it,
and its sums close: in each row and in each column. Says how many lines there were."""
import json
import sys

import jsonschema

schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
PARTS = ["live_bytes", "free_bytes", "metadata_bytes", "dirty_bytes", "clean_bytes"]
COLUMNS = ["slabs", "empty_slabs", "slots", "live", "held_bytes"] + PARTS


def check(report):
    for error in validator.iter_errors(report):
        yield f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
    for row in report.get("rows", []) + [report.get("total", {})]:
        if row.get("held_bytes") != sum(row.get(part, 0) for part in PARTS):
            yield f"row {row.get('row', 'total')} does not close"
    for column in COLUMNS:
        if report.get("total", {}).get(column) != sum(row.get(column, 0) for row in report.get("rows", [])):
            yield f"the total of {column} is not the sum of the rows"


lines = (open(sys.argv[2]) if len(sys.argv) > 2 else sys.stdin).read().splitlines()
wrong = [f"line {number}: {text}" for number, line in enumerate(lines, 1) for text in check(json.loads(line))]
print("\n".join(wrong) if wrong else f"{len(lines)} reports are as the schema has them, and close")
sys.exit(1 if wrong or not lines else 0)
