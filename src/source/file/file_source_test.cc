#include "source/file/file_source.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#include "base/temporary_directory.h"
#include "source/testing/pipeline_node.h"

namespace leat::source {
namespace {

using namespace std::string_literals;

using Texts = std::vector<std::string>;

std::string gzipped(const std::string& text) {
  std::string packed(compressBound(text.size()) + 100, '\0');
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string input = text;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

std::string zstded(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

class FakeParquet final : public ParquetReader {
 public:
  // A file's name says what it has: d is a DATE, t a TIME.
  Result<ParquetTypes> types(const Path& path) override {
    ParquetTypes types;
    for (const char letter : path.stem().string()) {
      types.schema.root.fields.push_back(
          {"x", {.kind = codec::TypeKind::kDeclared, .declared = letter == 'd' ? "DATE" : "TIME"}});
      types.warnings.push_back(fmt::format("there is {}", letter));
    }
    return types;
  }
  Result<std::vector<std::string>> rows(const Path&, uint64_t first, uint64_t count) override {
    Texts rows;
    for (uint64_t i = first; i < 7 && rows.size() < count; ++i)
      rows.push_back(fmt::format("{{\"i\":{}}}", i));
    return rows;
  }
};

class FileSourceTest : public testing::Test {
 protected:
  void write(const std::string& name, std::string_view content) {
    const Path path = directory_.path() / name;
    ASSERT_TRUE(real_file_system().create_directories(path.parent_path()).ok());
    ASSERT_TRUE(real_file_system().replace_file(path, content).ok());
  }

  std::unique_ptr<Source> source(const std::string& yaml) {
    auto made =
        make_file_source(node_of("file", yaml), directory_.path(), real_file_system(), &parquet_);
    EXPECT_TRUE(made.ok()) << made.error().to_string();
    return std::move(*made);
  }

  struct Content {
    Texts records;
    Texts rejected;
    Texts cursors;
  };

  // From `cursor` to the end; with `fresh` a new source for every batch, as after a crash each
  // time.
  Content read(const std::string& yaml, bool fresh = false, std::string cursor = "") {
    Content content;
    auto reader = source(yaml);
    for (bool last = false; !last;) {
      if (fresh) reader = source(yaml);
      const auto batch = reader->next(cursor, {});
      EXPECT_TRUE(batch.ok()) << batch.error().to_string();
      if (!batch.ok()) break;
      for (const auto& record : batch->records) content.records.emplace_back(record.value);
      for (const auto& rejected : batch->rejected)
        content.rejected.push_back(batch->origin + ' ' + rejected.error);
      cursor = batch->next_cursor;
      content.cursors.push_back(cursor);
      last = batch->last;
    }
    return content;
  }

  Error failure(const std::string& yaml, const std::string& cursor = "") {
    auto result = source(yaml)->next(cursor, {});
    EXPECT_FALSE(result.ok());
    return result.ok() ? internal_error("no failure") : result.error();
  }

  TemporaryDirectory directory_;
  FakeParquet parquet_;
};

TEST_F(FileSourceTest, ReadsEveryFormatByItsExtension) {
  write("a.json", R"({"data": [{"i":1}, {"i":2}]})");
  write("b.ndjson", "{\"i\":3}\n");
  write("c.jsonl.gz", gzipped("{\"i\":4}\n"));
  write("d.csv.zst", zstded("i\n5\n"));
  write("e.tsv", "i\tj\n6\tx\n");
  write("f.json", "[7,8]");
  EXPECT_EQ(read("{path: a.json, records: data}").records, (Texts{"{\"i\":1}", "{\"i\":2}"}));
  EXPECT_EQ(read("{path: ['[bcd].*', e.tsv, f.json]}").records,
            (Texts{"{\"i\":3}", "{\"i\":4}", "{\"i\":5}", "{\"i\":6,\"j\":\"x\"}", "7", "8"}));
  write("plain", gzipped("1\n2\n"));
  EXPECT_EQ(read("{path: plain, format: ndjson, compression: gzip}").records, (Texts{"1", "2"}));
}

TEST_F(FileSourceTest, EveryCursorResumesExactly) {
  std::string lines;
  std::string rows = "i,text\n";
  std::string list = "[";
  for (int i = 0; i < 50; ++i) {
    lines += fmt::format("{{\"i\":{}}}\n{}", i, i % 10 == 0 ? "oops\n" : "");
    rows += fmt::format("{},\"a\nb\"\n{}", i, i % 10 == 0 ? "oops\n" : "");
    list += fmt::format("{}{}", i == 0 ? "" : ",", i);
  }
  write("a.ndjson", lines);
  write("b.csv", rows);
  write("c.json", list + "]");
  write("d.csv.gz", gzipped(rows));
  write("e.ndjson.zst", zstded(lines));
  write("f.parquet", "PAR1");
  write("g.ndjson", "");
  const std::string yaml = "{path: '?.*', batch_records: 7}";
  const Content whole = read("{path: '?.*'}");
  EXPECT_EQ(whole.records.size(), 257u);
  EXPECT_EQ(whole.rejected.size(), 20u);
  const Content straight = read(yaml);
  EXPECT_EQ(straight.records, whole.records);
  EXPECT_EQ(straight.rejected, whole.rejected);
  const Content resumed = read(yaml, true);
  EXPECT_EQ(resumed.records, whole.records);
  EXPECT_EQ(resumed.rejected, whole.rejected);
  EXPECT_EQ(resumed.cursors, straight.cursors);
  for (size_t i = 0; i < straight.cursors.size(); i += 5) {
    const Content rest = read(yaml, false, straight.cursors[i]);
    ASSERT_LE(rest.records.size(), whole.records.size());
    EXPECT_TRUE(std::equal(rest.records.rbegin(), rest.records.rend(), whole.records.rbegin()))
        << i;
  }
  EXPECT_TRUE(read(yaml, true, straight.cursors.back()).records.empty());
}

TEST_F(FileSourceTest, AChangedFileIsNotReadOn) {
  const std::string yaml = "{path: a.ndjson, batch_records: 1}";
  write("a.ndjson", "1\n2\n3\n");
  const std::string cursor = source(yaml)->next("", {})->next_cursor;
  write("a.ndjson", "1\n2\n");
  EXPECT_NE(failure(yaml, cursor).message().find("shrunk from 6 to 4"), std::string::npos);
  write("a.ndjson", "4\n5\n6\n");
  EXPECT_NE(failure(yaml, cursor).message().find("has changed"), std::string::npos);
  EXPECT_EQ(failure(yaml, cursor).retry(), Retry::kNo);
  write("a.ndjson", "1\n2\n3\n4\n");
  EXPECT_EQ(read(yaml, false, cursor).records, (Texts{"2", "3", "4"}));
  write("b.ndjson", "");
  ASSERT_TRUE(real_file_system().remove(directory_.path() / "a.ndjson").ok());
  EXPECT_NE(failure("{path: '*.ndjson'}", cursor).message().find("no longer"), std::string::npos);
}

TEST_F(FileSourceTest, DamagedCompressionIsAnErrorNotAnEnd) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += fmt::format("{}\n", i * 7919 % 1000);
  for (const bool gzip : {true, false}) {
    const std::string packed = gzip ? gzipped(text) : zstded(text);
    const std::string name = gzip ? "a.ndjson.gz" : "a.ndjson.zst";
    write(name, packed.substr(0, packed.size() - 9));
    const Error cut = failure("{path: " + name + "}");
    EXPECT_EQ(cut.code(), ErrorCode::kCorrupt) << cut.to_string();
    EXPECT_NE(cut.message().find(name), std::string::npos);
    write(name, "nonsense");
    EXPECT_EQ(failure("{path: " + name + "}").code(), ErrorCode::kCorrupt);
    write(name, packed + packed);  // members and frames join
    EXPECT_EQ(read("{path: " + name + "}").records.size(), 2000u);
  }
}

TEST_F(FileSourceTest, OnlyZerosAreBehindGzip) {
  const std::string packed = gzipped("1\n2\n");
  for (const size_t zeros : {1u, 512u, 100'000u}) {
    write("a.ndjson.gz", packed + packed + std::string(zeros, '\0'));
    EXPECT_EQ(read("{path: a.ndjson.gz}").records, (Texts{"1", "2", "1", "2"})) << zeros;
  }
  // A second member whose start is damaged or cut would be lost with all that follows.
  std::string damaged = packed;
  damaged[0] ^= 1;
  const std::string zeros(70'000, '\0');
  for (const std::string& rest : {damaged, packed.substr(1), packed.substr(2), zeros + packed,
                                  std::string("garbage"), "\x1F\x8Bgarbage that is long enough"s}) {
    write("a.ndjson.gz", packed + rest);
    const Error error = failure("{path: a.ndjson.gz}");
    EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
    const size_t at = packed.size() + rest.find_first_not_of('\0');
    EXPECT_NE(error.message().find(fmt::format("at byte {}", at)), std::string::npos)
        << error.message();
  }
  write("b.ndjson.zst", zstded("1\n") + "garbage");
  EXPECT_NE(failure("{path: b.ndjson.zst}").message().find("behind byte"), std::string::npos);
}

TEST_F(FileSourceTest, WhatCanBeKnownBeforeItIsRead) {
  write("a.csv", "x\n1\n");
  write("noname", "x");
  ASSERT_EQ(::mkfifo((directory_.path() / "pipe.csv").c_str(), 0600), 0);
  const auto check = [&](const std::string& yaml) {
    return check_file_source(node_of("file", yaml), directory_.path(), real_file_system());
  };
  EXPECT_TRUE(check("{path: [a.csv, a.c*v]}")->empty());
  ASSERT_EQ(check("{path: [a.csv, later.csv, 'l-*']}")->size(), 2u);
  EXPECT_NE(check("{path: later.csv}")->front().find("later.csv now"), std::string::npos);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{path: noname}", "does not say how it is written"},
      {"{path: later.txt}", "does not say how it is written"},
      {"{path: pipe.csv}", "is a named pipe, not a file"},
      {"{path: 'http://a/b.csv'}", "write `http: {url: …}`"},
      {"{path: 's3://bucket/b.csv'}", "fetch them first"},
      {"{path: 'hdfs://namenode:9000/b.csv'}", "fetch them first"},
      {"{path: 'file:///tmp/b.csv'}", "leave out file://"},
      {"{path: data/}", "names a directory"},
      {"{path: .}", "is a directory, not a file"},
      {"{path: a.csv, records: rows}", "`records` is for JSON documents"},
      {"{path: \"a\\nb.csv\"}", "control character"},
      {"{path: ''}", "empty"},
      {"{path: a.csv, batch_records: 0}", "at least 1"},
      {"{path: a.csv, batch_bytes: 0}", "at least 1"},
  };
  for (const auto& [yaml, expected] : cases) {
    const auto checked = check(yaml);
    ASSERT_FALSE(checked.ok()) << yaml;
    EXPECT_EQ(checked.error().domain(), ErrorDomain::kUser);
    EXPECT_NE(checked.error().message().find("p.yaml:5:"), std::string::npos)
        << checked.error().message();
    EXPECT_NE(checked.error().message().find(expected), std::string::npos)
        << checked.error().message();
  }
}

TEST_F(FileSourceTest, SaysWhatIsWrongWithTheFiles) {
  EXPECT_NE(failure("{path: none.csv}").message().find("none.csv"), std::string::npos);
  EXPECT_EQ(failure("{path: '*.csv'}").domain(), ErrorDomain::kUser);
  write("a.txt", "x");
  EXPECT_NE(failure("{path: a.txt}").message().find("format: json"), std::string::npos);
  write("a.json", "{\"a\":");
  const Error cut = failure("{path: a.json}");
  EXPECT_EQ(cut.retry(), Retry::kNo);
  EXPECT_NE(cut.message().find("a.json"), std::string::npos) << cut.message();
  write("b.json", "{}");
  EXPECT_EQ(failure("{path: b.json, records: rows}").domain(), ErrorDomain::kUser);
  for (const char* cursor : {"{}", "x", R"({"v":2,"file":"b.json"})"})
    failure("{path: b.json}", cursor);
}

TEST_F(FileSourceTest, AFileThatYieldsNothingSaysSo) {
  for (const auto& [name, content] :
       std::vector<std::pair<std::string, std::string>>{{"a.ndjson", ""},
                                                        {"b.ndjson", "\n \n"},
                                                        {"c.csv", "a,b\n"},
                                                        {"d.csv", ""},
                                                        {"e.json", "[]"},
                                                        {"f.csv.gz", gzipped("")}}) {
    write(name, content);
    const auto batch = source("{path: " + name + "}")->next("", {});
    ASSERT_TRUE(batch.ok()) << batch.error().to_string();
    ASSERT_EQ(batch->warnings.size(), 1u) << name;
    EXPECT_NE(batch->warnings[0].find(name + " gave no records: "), std::string::npos)
        << batch->warnings[0];
  }
  write("g.csv", "a,A\n1,2\n");
  write("h.ndjson", "1\nbad\n");
  write("i.ndjson", "bad\n");
  write("j.json", "[NaN]");
  EXPECT_EQ(source("{path: g.csv}")->next("", {})->warnings.size(), 1u) << "of a name";
  for (const char* name : {"h.ndjson", "i.ndjson", "j.json"}) {
    EXPECT_TRUE(source("{path: " + std::string(name) + "}")->next("", {})->warnings.empty())
        << name;
  }
}

TEST_F(FileSourceTest, TypesAreThoseThatAllParquetFilesHave) {
  write("d.parquet", "PAR1");
  write("sub/d.parquet", "PAR1");
  write("t.parquet", "PAR1");
  write("a.csv", "x\n1\n");
  EXPECT_EQ(source("{path: [d.parquet, sub/d.parquet, a.csv]}")->types()->root.fields.size(), 1u);
  EXPECT_TRUE(source("{path: '[dt].parquet'}")->types()->root.fields.empty());
  EXPECT_TRUE(source("{path: a.csv}")->types()->root.fields.empty());
  EXPECT_EQ(source("{path: d.parquet}")->next("", {})->warnings,
            Texts{(directory_.path() / "d.parquet").string() + ": there is d"});
}

TEST_F(FileSourceTest, ParquetNeedsAReader) {
  write("a.parquet", "PAR1");
  EXPECT_EQ(read("{path: a.parquet, batch_records: 3}").records.size(), 7u);
  auto without = make_file_source(node_of("file", "{path: a.parquet}"), directory_.path(),
                                  real_file_system(), nullptr);
  ASSERT_TRUE(without.ok());
  EXPECT_EQ((*without)->next("", {}).error().code(), ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace leat::source
