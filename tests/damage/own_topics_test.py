"""Records in Leat's own topics that somebody else wrote there."""
import struct

import leat
from damaged import DamageTest, batches

OWN = ("__leat_cursors", "__leat_schemas", "__leat_dead_letters", "__transaction_state")


class OwnTopics(DamageTest):
    def setUp(self):
        self.start("closed")

    def put(self, topic, key):
        """Appends a record to the topic's file, as an older version let people do."""
        leat.must(leat.leat("topic", "produce", "mine", "--envelope", "--data", self.data,
                            input=f'{{"key": {key}, "value": "no such thing"}}\n'))
        source = self.segment("mine-0")
        at, size, _ = batches(source)[-1]
        batch = bytearray(source.read_bytes()[at:at + size])
        target = sorted((self.data / "log" / f"{topic}-0").glob("*.log"))[-1]
        content = target.read_bytes()
        end, offset = 0, int(target.stem)
        for position, length, base in batches(target):
            end, offset = position + length, base + struct.unpack_from(">i", content, position + 23)[0] + 1
        struct.pack_into(">q", batch, 0, offset)  # the base offset is outside the checksum
        target.write_bytes(content[:end] + bytes(batch) + content[end + size:])
        return target

    def check_amounts(self):
        """A run goes on; the task, which had ended, reads its file again."""
        self.run_once()
        self.assertEqual(leat.Data(self.data).rows("SELECT count(*), sum(amount) FROM amounts")[1:], [["200", "20000.00"]])

    def test_commands_pass_over_them_and_repair_takes_them_out(self):
        for topic in OWN:
            for key in ('"some key"', "null"):
                with self.subTest(topic=topic, key=key):
                    self.setUp()
                    segment = self.put(topic, key)
                    for command in (("topic", "list"), ("dlq", "list"), ("sql", "SELECT count(*) FROM amounts")):
                        said = self.leat(*command).stderr
                        if key != "null" and topic in ("__leat_schemas", "__transaction_state"):
                            self.assertIn(topic, said)
                            self.assertIn("leat repair", said)
                    damage = self.one_damage(segment)
                    self.assertIn("what Leat did not write", damage["damage"])
                    self.check_amounts()

    def test_a_task_whose_cursor_is_one_names_the_remedy(self):
        segment = self.put("__leat_cursors", '"shop.load_orders"')
        self.refused("__leat_cursors", "leat repair")
        self.one_damage(segment)
        self.check_amounts()
