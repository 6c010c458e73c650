"""docs/job.schema.json says what docs/job_document.md says."""

import json
import re

import pytest
from jsonschema import Draft202012Validator
from repository import read

SCHEMA = json.loads(read("docs/job.schema.json"))
VALIDATOR = Draft202012Validator(SCHEMA)
TABLE = json.loads(read("tests/data/job_documents.json"))
EXAMPLES = [
    json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", read("docs/job_document.md"), re.M | re.S)
]


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


def test_the_page_has_an_example():
    assert EXAMPLES


@pytest.mark.parametrize("document", EXAMPLES)
def test_examples_of_the_page_are_valid(document):
    VALIDATOR.validate(document)


@pytest.mark.parametrize("row", TABLE["valid"], ids=lambda row: row["what"])
def test_right_documents_are_accepted(row):
    VALIDATOR.validate(row["document"])


@pytest.mark.parametrize("row", TABLE["invalid"], ids=lambda row: row["what"])
def test_wrong_documents_are_rejected_where_they_are_wrong(row):
    places = {"/".join(map(str, error.absolute_path)) for error in VALIDATOR.iter_errors(row["document"])}
    assert places == {row["at"]}


def members_of_the_page(heading_row: str) -> set[str]:
    """The first column of the table that begins with this heading row."""
    lines = read("docs/job_document.md").splitlines()
    start = lines.index(heading_row) + 2
    table = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        table.append(line.split("|")[1].strip(" `"))
    return set(table)


def test_page_and_schema_list_the_same_members():
    assert members_of_the_page("| member | type | meaning | if absent |") == set(SCHEMA["properties"])
