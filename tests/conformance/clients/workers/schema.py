"""workers.schema.json and `trellis run --check` agree on what is wrong: python schema.py TRELLIS REPOSITORY"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

import jsonschema

TRELLIS = pathlib.Path(sys.argv[1]).resolve()
REPOSITORY = pathlib.Path(sys.argv[2]).resolve()
CASES = REPOSITORY / "crates/supervisor/testdata/config"

# What only reading the file finds, with the reason why the schema doesn't.
BEYOND_THE_SCHEMA = {
    # Whether a key makes sense depends on other keys.
    "has no use here": "a combination",
    "not both": "a combination",
    "it excludes": "a combination",
    "is more than": "a comparison of two keys",
    "is longer than": "a comparison of two keys",
    # It depends on other programs.
    "there is no program \"": "another program",
    "cannot wait for itself": "another program",
    "is never ready": "another program",
    "with another max_size or another number of files": "another program",
    "wait for each other": "another program",
    # A text has a form of its own, which the schema takes as any text.
    "is not a schedule": "a text's form",
    "never comes": "a text's meaning",
    "is not a time zone": "a text's meaning",
    "is not an address": "a text's form",
    "is not a znode": "a text's form",
    "is not the name of": "a text's form",
    "is not a mask": "a text's form",
    "needs a shell": "a text's form",
    "there is nothing to run": "a text's form",
    "it is empty": "a text's form",
    "is a directory": "a text's form",
    "has a { that": "a text's form",
    # Units are no numbers to a schema.
    "is out of range": "a quantity with a unit",
    "is given twice": "an address may be spelled in two ways",
}


def cases():
    yield "the example", (REPOSITORY / "examples/workers.toml").read_text()
    for name in ("errors.txt", "programs.txt"):
        for number, case in enumerate((CASES / name).read_text().split("====\n")):
            yield f"{name}, case {number + 1}", case.split("----\n")[0]


def schema_refuses(validator, text):
    try:
        return [error.message for error in validator.iter_errors(tomllib.loads(text))]
    except tomllib.TOMLDecodeError as error:
        return [str(error)]


def trellis_refuses(folder, text):
    (folder / "workers.toml").write_text(text)
    command = [TRELLIS, "run", "--check", "--config", "workers.toml"]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert said.returncode in (0, 2), said
    return re.findall(r"workers\.toml:\d+: (.*)", said.stderr) if said.returncode else []


def compare(validator, folder):
    used, both, neither, only = set(), 0, 0, 0
    for name, text in cases():
        schema, trellis = schema_refuses(validator, text), trellis_refuses(folder, text)
        beyond = {line: [part for part in BEYOND_THE_SCHEMA if part in line] for line in trellis}
        used.update(part for parts in beyond.values() for part in parts)
        assert trellis or not schema, f"{name}: only the schema refuses it: {schema}"
        if not schema:
            unknown = [line for line, parts in beyond.items() if not parts]
            assert not unknown, f"{name}: the schema should refuse it: {unknown}"
        elif trellis:
            missing = [line for line, parts in beyond.items() if not parts]
            assert missing, f"{name}: the schema refuses it for something else: {schema} and {trellis}"
        both, neither, only = both + bool(schema), neither + (not trellis), only + (bool(trellis) and not schema)
    assert used == set(BEYOND_THE_SCHEMA), f"no case has {set(BEYOND_THE_SCHEMA) - used}"
    return f"{both} files are refused by both, {neither} by none, {only} for reasons beyond a schema"


schema = json.loads((REPOSITORY / "docs/workers.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
with tempfile.TemporaryDirectory() as folder:
    print(compare(jsonschema.Draft202012Validator(schema), pathlib.Path(folder)))
