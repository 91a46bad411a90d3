// What std::cout writes to: nothing of it is lost in silence.
#pragma once

#include <array>
#include <streambuf>

namespace leat::terminal {

// Descriptors 0 to 2 that are closed would be given to the first files that are opened, and
// messages written into those. Opens /dev/null on them, so that reading standard input and writing
// standard output fail, as they do when closed. To be called before anything is opened.
void occupy_standard_descriptors();

// While it lives, std::cout writes to the descriptor through it. One at a time.
class StandardOutput final : public std::streambuf {
 public:
  explicit StandardOutput(int descriptor);
  ~StandardOutput() override;  // flushes
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  // Writes what is left. The errno of the first write that failed; 0: all has arrived.
  int finish();

 protected:
  int_type overflow(int_type c) override;
  int sync() override;

 private:
  const int descriptor_;
  std::streambuf* const before_;
  std::array<char, 16 << 10> buffer_;
  int failure_ = 0;
};

// The exit code of a command that ended with `code`. What did not arrive is an error, and told;
// only a reader that has had enough (`leat sql … | head`) is none.
int exit_code_after(StandardOutput& output, int code);

}  // namespace leat::terminal
