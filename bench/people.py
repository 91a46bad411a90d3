"""The data of the benchmarks: the recorded people of examples/users, 1.1 KB each, with fresh login.uuids."""
import json
import pathlib
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECORDED = ROOT / "examples" / "users" / "randomuser_1000.json"
COLUMNS = """login.uuid::UUID AS id, name.first AS first_name, name.last AS last_name, gender,
             location.street.number || ' ' || location.street.name AS address,
             location.postcode::VARCHAR AS post_code, email, login.username AS username,
             dob.date::TIMESTAMPTZ AS dob, registered.date::TIMESTAMPTZ AS registered_date, phone,
             picture.medium AS picture"""


def write_people(file, count):
    """A person a line."""
    people = json.loads(RECORDED.read_text())["results"]
    with file.open("w") as out:
        for number in range(count):
            person = people[number % len(people)]
            person["login"]["uuid"] = str(uuid.uuid4())
            out.write(json.dumps(person, ensure_ascii=False, separators=(",", ":")) + "\n")


def stream(name, into, where="", columns=COLUMNS):
    """A pipeline with one stream over the topic `people`."""
    return f"pipeline: {name}\nstreams:\n  s:\n    sql: |\n      SELECT {columns}\n      FROM people {where}\n    into: {into}\n"
