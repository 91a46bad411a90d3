"""The main job, small and whole: an API's people into a topic, tables and Parquet files."""
import collections
import json
import pathlib

import leat
import people

PAGE, PAGES = 4, 2
COUNTS = ("fetched", "produced", "read", "written", "filtered", "dead_lettered")

PIPELINE = f"""\
pipeline: faults
tasks:
  fetch_people:
    http:
      url: ${{USERS_API}}
      query: {{results: {PAGE}, seed: faults}}
      records: results[*]
      paginate: {{page: {{param: page, start: 1}}}}
      max_pages: {PAGES}
      timeouts: {{connect: 5s, idle: 5s, total: 10s}}
      retries: {{count: 2, delay: 1ms, max_delay: 2ms}}
    retries: {{count: 2, delay: 1ms}}
    into:
      - {{topic: people, key: login.uuid}}
      - {{postgres: raw_people, key: login.uuid}}
streams:
  users:
    sql: |
      SELECT login.uuid::UUID AS id, name.first || ' ' || name.last AS name,
             dob.date::TIMESTAMPTZ AS dob, version
      FROM people
    into: {{cassandra: spark_streams.users, key: id}}
  history:
    sql: SELECT login.uuid AS id, version FROM people
    into:
      - {{table: history}}
      - {{hdfs: history}}
topics:
  people: {{partitions: 2}}
"""

# The same with nothing that makes a letter: each one can be run again.
MENDED = (PIPELINE.replace("topic: people, key: login.uuid", "topic: people, key: login.username")
          .replace("dob.date::TIMESTAMPTZ", "TRY_CAST(dob.date AS TIMESTAMPTZ)"))

# Everything that came out, one row each: where it is, and what it is.
EVERYTHING = """
SELECT 'users' AS place, id::VARCHAR AS id, version FROM spark_streams.users
UNION ALL SELECT 'raw_people', login.uuid, version FROM raw_people
UNION ALL SELECT 'history', id, version FROM history
UNION ALL SELECT 'topic', login.uuid, version FROM topic('people')
UNION ALL SELECT 'parquet', id, version FROM read_parquet('{hdfs}/*.parquet')
"""


def records():
    """Good ones, an update, one without its key (a dead letter of the task) and one whose date is
    none (a dead letter of a stream)."""
    made = people.records(seed=1, count=PAGE * PAGES, page=PAGE)
    for number, record in enumerate(made):
        record["login"]["uuid"] = f"00000000-0000-4000-8000-{number:012}"
        record["dob"]["date"] = "1990-01-02T03:04:05Z"
    made[3]["login"]["uuid"] = made[1]["login"]["uuid"]
    made[6]["login"]["uuid"] = made[0]["login"]["uuid"]
    del made[2]["login"]["uuid"]
    made[5]["dob"]["date"] = "never"
    return made


def write(folder):
    """The pipeline and the people that the API has."""
    (folder / "faults.yaml").write_text(PIPELINE)
    (folder / "mended.yaml").write_text(MENDED)
    answer = {"results": records(),
              "info": {"seed": "faults", "results": PAGE * PAGES, "page": 1, "version": "1.3"}}
    (folder / "people.json").write_text(json.dumps(answer, ensure_ascii=False))


class Job:
    """One data directory in a folder of its own."""

    def __init__(self, pipeline, directory, url):
        self.pipeline = pipeline
        self.data = leat.Data(pathlib.Path(directory) / "data")
        self.url = url

    def run(self, timeout=180, **env):
        """One `leat run --once`; subprocess.TimeoutExpired when it hangs."""
        return leat.leat("run", self.pipeline, "--once", "--json", "--data", self.data.directory,
                         env={"USERS_API": self.url, **env}, cwd=self.data.directory.parent, timeout=timeout)

    def redrive(self, timeout=180, **env):
        """Runs all dead letters again, with the mended pipeline."""
        return leat.leat("dlq", "redrive", self.pipeline.with_name("mended.yaml"), "--data", self.data.directory,
                         env={"USERS_API": self.url, **env}, cwd=self.data.directory.parent, timeout=timeout)

    def state(self):
        """What is there now: rows, dead letters, and the counts of the runs that have succeeded."""
        rows = self.data.rows(EVERYTHING.format(hdfs=self.data.directory / "hdfs" / "history"), "--files")
        # Offsets differ: an aborted transaction leaves a gap.
        letters = [(each["stage"], each["error"], each.get("value") or each["value_hex"])
                   for each in self.data.letters()]
        done = [run for run in self.data.runs() if run["state"] == "success"]
        return {"rows": collections.Counter(map(tuple, rows[1:])),
                "letters": collections.Counter(letters),
                "sums": self.data.sums("faults"),
                "runs": len(done),
                "counts": [sum(run[name] for run in done) for name in COUNTS]}
