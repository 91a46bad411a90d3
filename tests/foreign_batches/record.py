"""Writes src/log/batch/foreign_batches_for_test.h: record batches as other programs encode them.

  python3 -m venv env && env/bin/pip install kafka-python python-snappy lz4 zstandard confluent-kafka
  env/bin/python3 tests/foreign_batches/record.py

kafka-python encodes without a broker. librdkafka (in confluent-kafka; kcat uses the same) sends its
batches to the socket below, which answers as little as it takes and keeps what a produce request carries.
"""
import pathlib
import socket
import struct
import threading
import zlib  # noqa: F401  what gzip needs

import confluent_kafka
from kafka.record.default_records import DefaultRecordBatchBuilder

TARGET = pathlib.Path(__file__).resolve().parents[2] / "src/log/batch/foreign_batches_for_test.h"
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
TIME = 1_700_000_000_000
# (key, value, headers): a header, a tombstone, no key, and enough text that compression has something to do.
RECORDS = [
    ("k1", "first", [("h", b"1")]),
    ("k2", None, []),
    (None, "third " * 30, []),
]


def encoded(text):
    return None if text is None else text.encode()


def from_kafka_python(codec, idempotent=None, transactional=False):
    producer_id, epoch, sequence = idempotent or (-1, -1, -1)
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=CODECS.index(codec), is_transactional=transactional,
        producer_id=producer_id, producer_epoch=epoch, base_sequence=sequence, batch_size=1 << 20)
    for i, (key, value, headers) in enumerate(RECORDS):
        builder.append(i, TIME + i, encoded(key), encoded(value), headers)
    return bytes(builder.build())


def text16(value):
    return struct.pack(">h", len(value)) + value.encode()


class Recorder:
    """Enough of a broker for one producer."""

    def __init__(self):
        self.batches = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        stream = connection.makefile("rb")
        while head := stream.read(4):
            request = stream.read(struct.unpack(">i", head)[0])
            key, version, correlation, client = struct.unpack(">hhih", request[:10])
            body = self.answer(key, version, request[10 + max(client, 0):])
            if body is not None:
                answer = struct.pack(">i", correlation) + body
                connection.sendall(struct.pack(">i", len(answer)) + answer)

    def answer(self, key, version, body):
        if key == 18:
            apis = [(0, 3, 7), (1, 4, 10), (3, 0, 4), (10, 0, 1), (18, 0, 0), (22, 0, 1)]
            listed = b"".join(struct.pack(">hhh", *api) for api in apis)
            return struct.pack(">hi", 35 if version else 0, len(apis)) + listed
        if key == 3:
            broker = struct.pack(">i", 1) + text16("127.0.0.1") + struct.pack(">ih", self.port, -1)
            partition = struct.pack(">hiiiiii", 0, 0, 1, 1, 1, 1, 1)
            topic = struct.pack(">h", 0) + text16("t") + b"\0" + struct.pack(">i", 1) + partition
            return (struct.pack(">ii", 0, 1) + broker + text16("c") + struct.pack(">i", 1) +
                    struct.pack(">i", 1) + topic)
        if key == 22:
            return struct.pack(">ihqh", 0, 0, 4000, 5)
        if key == 0:
            at = 2 + max(struct.unpack(">h", body[:2])[0], 0) + 2 + 4  # transactional id, acks, timeout
            at += 4 + 2 + 1 + 4 + 4  # topics, "t", partitions, index
            size = struct.unpack(">i", body[at:at + 4])[0]
            self.batches.append(body[at + 4:at + 4 + size])
            return (struct.pack(">i", 1) + text16("t") +
                    struct.pack(">iihqqq", 1, 0, 0, 0, -1, 0) + struct.pack(">i", 0))
        raise ValueError(f"an API that nobody asked for: {key}")


def from_librdkafka(codec, idempotent=False):
    recorder = Recorder()
    producer = confluent_kafka.Producer({
        "bootstrap.servers": f"127.0.0.1:{recorder.port}", "compression.type": codec,
        "enable.idempotence": idempotent, "linger.ms": 200})
    for i, (key, value, headers) in enumerate(RECORDS):
        producer.produce("t", key=key, value=value, headers=headers, partition=0, timestamp=TIME + i)
    if producer.flush(20):
        raise RuntimeError(f"{codec}: nothing was sent")
    return recorder.batches[0]


def literal(data):
    text = "".join(f"\\x{byte:02x}" for byte in data)
    lines = [text[i:i + 80] for i in range(0, len(text), 80)]
    return "\n".join(f'     "{line}"' for line in lines)


def main():
    batches = []
    for codec in CODECS:
        batches.append((f"kafka-python, {codec}", from_kafka_python(codec)))
        batches.append((f"librdkafka, {codec}", from_librdkafka(codec)))
    batches.append(("kafka-python, idempotent", from_kafka_python("none", (4000, 5, 0))))
    batches.append(("librdkafka, idempotent", from_librdkafka("none", True)))
    batches.append(("kafka-python, transactional", from_kafka_python("lz4", (4000, 5, 0), True)))
    entries = "\n".join(f'    {{"{name}",\n{literal(data)},\n     {len(data)}}},' for name, data in batches)
    TARGET.write_text(f"""// Record batches as other programs encode them: three records each. Written by
// tests/foreign_batches/record.py; kafka-python {__import__("kafka").__version__}, librdkafka {confluent_kafka.libversion()[0]}.
#pragma once

#include <cstddef>
#include <string_view>

namespace leat::log {{

// clang-format off
inline constexpr struct {{
  std::string_view name;
  const char* bytes;
  size_t size;
}} kForeignBatches[] = {{
{entries}
}};
// clang-format on

}}  // namespace leat::log
""")


main()
