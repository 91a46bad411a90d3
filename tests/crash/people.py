"""People for the crash test: mostly good, some bad, some updated, the same ones for a seed."""
import json
import random
import uuid

NAMES = ["Ada", "Blaise", "Carl", "Dorothy", "Emmy", "Fatima", "Grace", "Hedy", "Ísold", "Jürgen"]


def person(dice, identity, version):
    return {
        "login": {"uuid": identity, "username": f"user{dice.randrange(10**6)}"},
        "name": {"first": dice.choice(NAMES), "last": f"Nr. {dice.randrange(10**4)}"},
        # Real feeds mix numbers and text here.
        "location": {"postcode": dice.choice([dice.randrange(10**5), f"SW{dice.randrange(20)} 1AA"])},
        "dob": {"date": f"{dice.randrange(1940, 2005)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}T10:00:00Z"},
        "version": version,
    }


def records(seed, count, page):
    """`count` records, `page` of them a page. About one in a hundred is bad; about one in five is an
    update of an earlier one, half of those within the same page."""
    dice = random.Random(seed)
    made, known = [], []
    for number in range(count):
        kind = dice.random()
        if kind < 0.1 and number % page:  # of a record in the same page
            record = person(dice, made[-dice.randrange(1, number % page + 1)]["login"].get("uuid"), number)
        elif kind < 0.2 and known:
            record = person(dice, dice.choice(known), number)
        else:
            record = person(dice, str(uuid.UUID(int=dice.getrandbits(128), version=4)), number)
        if record["login"]["uuid"] is None:
            del record["login"]["uuid"]
        bad = dice.random()
        if bad < 0.005:
            record["dob"]["date"] = dice.choice(["never", "1999-02-30T00:00:00Z", "soon"])
        elif bad < 0.008:
            record["login"].pop("uuid", None)
        elif bad < 0.010:
            record["login"]["uuid"] = f"no-uuid-{number}"
        if "uuid" in record["login"]:
            known.append(record["login"]["uuid"])
        made.append(record)
    return made


def write(file, seed, count, page, api_seed):
    """An answer of the API as it was recorded; asked with `api_seed` the mock API keeps its order."""
    answer = {"results": records(seed, count, page),
              "info": {"seed": api_seed, "results": count, "page": 1, "version": "1.3"}}
    file.write_text(json.dumps(answer, ensure_ascii=False))
