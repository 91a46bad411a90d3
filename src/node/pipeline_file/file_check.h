// What a pipeline file alone cannot say is wrong with it: the SQL of its streams.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "config/pipeline.h"
#include "node/instance/instance.h"

namespace leat::node {

// The topics that a stream may read.
class KnownTopics {
 public:
  // Those that the files make, also the parts of them that have mistakes, and those of the log.
  // `in_log` null: nobody knows what the log holds; else what is not among all these is not there.
  KnownTopics(const std::vector<config::LoadResult>& files, const std::vector<std::string>* in_log);

  // Topics that are there as well, though nobody knows that these are all.
  void add(const std::vector<std::string>& there) {
    names_.insert(names_.end(), there.begin(), there.end());
  }

  // The error about a topic that is not there, with the nearest name; none if it is there, or may
  // be. `outside` is set when the topic is of no file and nobody can say whether it exists.
  std::optional<Error> missing(const std::string& topic, bool& outside) const;

 private:
  std::vector<std::string> names_;
  std::set<std::string> possible_;  // what parts with mistakes may be about
  bool anything_possible_ = false;
  bool complete_ = false;
};

struct CheckedFile {
  config::LoadResult loaded;
  std::vector<std::string> warnings;
  std::map<std::string, std::string> topics;  // by the stream that reads it
};

// Checks the SQL of the streams that could be read: syntax, what a stream cannot do, names and
// types against declared schemas and, with an instance, against what is known of the topics. Its
// mistakes are among `loaded.problems` then, all in the order of the file. Warnings are of files
// without mistakes in their YAML only.
CheckedFile check_file(config::LoadResult loaded, Instance* instance, const KnownTopics& known);

// The mistake that `error` is about as a Problem with its place, where the stream's SQL is in the
// file and the error has a position in it.
config::Problem sql_problem(const config::Pipeline& plan, const config::Stream& stream,
                            const Error& error);

}  // namespace leat::node
