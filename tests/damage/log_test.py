"""Damage in the files of the log."""
import re
import shutil
import unittest

from damaged import READER, UNREAD_BATCH, DamageTest, batches


class Records(DamageTest):
    """Of a topic that nobody has read yet, so that what is lost is missing in the tables."""

    def setUp(self):
        self.start("unread", READER)
        self.segments = sorted((self.data / "log/orders-0").glob("*.log"))
        self.assertGreaterEqual(len(self.segments), 3)

    def records(self, *offsets):
        return {number for offset in offsets for number in range(offset, offset + UNREAD_BATCH)}

    def test_a_flipped_bit(self):
        position, size, offset = batches(self.segments[1])[0]
        self.flip(self.segments[1], position + 100)
        self.refused(f"CORRUPT_MESSAGE at orders-0@{offset}", "the next offset that can be read is",
                     "leat repair")
        damage = self.one_damage(self.segments[1])
        self.assertIn(f"records {offset} to {offset + UNREAD_BATCH - 1} of orders-0", damage["loss"])
        self.assertEqual(len(damage["kept"]), 1)
        self.check_run(lost=self.records(offset))

    def test_a_flipped_bit_in_the_offset_of_a_batch(self):
        position, size, offset = batches(self.segments[0])[1]
        self.flip(self.segments[0], position + 6)
        self.refused(f"CORRUPT_MESSAGE at orders-0@{offset}")
        self.one_damage(self.segments[0])
        self.check_run(lost=self.records(offset))

    def test_a_zeroed_page(self):
        first, second = batches(self.segments[0])[:2]
        self.zero(self.segments[0], first[0] + 50, second[0] + 50)
        self.refused("CORRUPT_MESSAGE at orders-0@0")
        self.one_damage(self.segments[0])
        self.check_run(lost=self.records(first[2], second[2]))

    def test_a_missing_segment(self):
        for index in (0, 1, len(self.segments) - 1):
            with self.subTest(index=index):
                self.setUp()
                lost = [offset for _, _, offset in batches(self.segments[index])]
                self.segments[index].unlink()
                self.refused(f"CORRUPT_MESSAGE at orders-0@{lost[0]}: records are missing")
                damage = self.one_damage(self.segments[index])
                self.assertEqual(damage["kept"], [])
                self.check_run(lost=self.records(*lost))

    def test_an_acknowledged_end_that_is_cut_off(self):
        position, size, offset = batches(self.segments[-1])[-1]
        self.cut(self.segments[-1], position + size - 5)
        self.refused(f"CORRUPT_MESSAGE at orders-0@{offset}")
        self.one_damage(self.segments[-1])
        self.check_run(lost=self.records(offset))

    def test_a_torn_end_is_cut_by_the_next_start(self):
        """A write that was under way when the process was killed."""
        (self.data / "log/recovery-point-offset-checkpoint").unlink()
        position, size, offset = batches(self.segments[-1])[-1]
        self.cut(self.segments[-1], position + size - 5)
        report = self.leat("repair").stdout
        self.assertIn(f"orders-0: {size - 5} bytes at the end were never acknowledged", report)
        self.assertIn("nothing is damaged", report)
        result = self.check_run(lost=self.records(offset))
        self.assertIn(f"orders-0@{offset}: torn tail of {size - 5} bytes cut", result.stderr)

    def test_deleted_and_stale_indexes(self):
        for index in (self.data / "log/orders-0").glob("*.index"):
            index.unlink()
        for index in (self.data / "log/orders-0").glob("*.timeindex"):
            index.write_bytes(b"stale")
        self.assertIn("nothing is damaged", self.leat("repair").stdout)
        self.check_run()

    def test_a_foreign_file_is_left_alone(self):
        foreign = [self.data / "log/orders-0/notes.txt", self.data / "log/orders-0/12.log",
                   self.data / "log/README", self.data / "pipelines/notes.txt"]
        for file in foreign:
            file.write_text("mine")
        self.assertIn("nothing is damaged", self.leat("repair").stdout)
        self.check_run()
        self.assertEqual([file.read_text() for file in foreign], ["mine"] * 4)

    def test_skipping_it_by_name(self):
        """`on_corrupt: skip`: the stream goes on behind the damage, and counts it."""
        position, size, offset = batches(self.segments[1])[0]
        self.flip(self.segments[1], position + 100)
        (self.path / "shop.yaml").write_text(
            READER.replace("key: id}\n", "key: id}\n    on_corrupt: skip\n")
                  .replace("table: copies}\n", "table: copies}\n    on_corrupt: skip\n"))
        last = offset + UNREAD_BATCH - 1
        result = self.check_run(lost=self.records(offset), code=3)
        self.assertIn(f"orders-0@{offset}..{last}", result.stderr)
        self.assertIn(f"skipped {2 * UNREAD_BATCH}", result.stderr)


class Lists(DamageTest):
    """The small files beside the records."""

    def setUp(self):
        self.start("closed")

    def test_a_lost_list_of_topics(self):
        for damage in (lambda topics: topics.unlink(), lambda topics: topics.write_text("lorem ipsum"),
                       lambda topics: self.flip(topics, topics.read_text().index("orders"))):
            with self.subTest():
                self.setUp()
                topics = self.data / "log/topics"
                damage(topics)
                self.refused("leat repair")
                self.one_damage(topics)
                self.database.unlink()
                self.check_streams()

    def test_damaged_checkpoints(self):
        checkpoint = self.data / "log/recovery-point-offset-checkpoint"
        checkpoint.write_text("nonsense")
        self.refused("recovery-point-offset-checkpoint is damaged", "leat repair")
        self.one_damage(checkpoint)
        self.check_streams()

    def test_a_lost_directory(self):
        shutil.rmtree(self.data / "log/orders-0")
        self.refused("orders-0 are gone", "leat repair")
        damages = self.damages()
        self.assertEqual(len(damages), 1)
        self.assertIn("of orders-0", damages[0]["loss"])
        self.repair()
        self.check_streams()

    def test_offsets_and_numbers_that_none_has(self):
        for file, text in (("log-start-offset-checkpoint", "0\n1\norders 0 -5\n"),
                           ("recovery-point-offset-checkpoint", "0\n1\norders 1 -1\n")):
            with self.subTest(file=file):
                self.setUp()
                (self.data / "log" / file).write_text(text)
                self.refused(f"{file} is damaged", "leat repair")
                self.one_damage(self.data / "log" / file)
                self.check_streams()
        self.setUp()
        topics = self.data / "log/topics"
        topics.write_text(re.sub(r"(orders \S+) partitions=2", r"\1 partitions=99999999", topics.read_text()))
        self.refused("10000 partitions", "leat repair")
        self.one_damage(topics)
        self.check_streams()

    def test_a_lost_log_is_named(self):
        shutil.rmtree(self.data / "log")
        self.refused("or its log is lost", "--fresh", code=2)

    def test_damage_in_leats_own_topics(self):
        for topic in ("__leat_cursors", "__leat_schemas"):
            with self.subTest(topic=topic):
                self.setUp()
                segment = self.segment(f"{topic}-0")
                self.flip(segment, batches(segment)[0][0] + 70)
                self.refused(f"CORRUPT_MESSAGE at {topic}-0@0", "leat repair")
                self.one_damage(segment)
                self.check_streams()

    def test_a_lost_end_of_a_compacted_topic(self):
        segment = self.segment("__leat_cursors-0")
        segment.unlink()
        self.refused("the segments in", "__leat_cursors-0 are gone", "leat repair")
        self.one_damage(segment)

    def test_a_newer_format(self):
        topics = self.data / "log/topics"
        topics.write_text(topics.read_text().replace("leat-topics 2", "leat-topics 3"))
        before = self.files()
        self.refused("leat-topics 3", "a newer Leat wrote it", code=2)
        self.refused("a newer Leat wrote it", code=2, command=("repair", "--yes"))
        self.assertEqual(self.files(), before)

    def check_streams(self):
        """Without the task, which would fetch everything once more: the tables are, or become, whole."""
        (self.path / "shop.yaml").write_text(READER)
        self.check_run()


if __name__ == "__main__":
    unittest.main()
