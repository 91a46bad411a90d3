"""unittest, with the closing line that ./test reads: N passed, N failed, N skipped."""
import sys
import unittest


def report(result):
    """Prints the closing line of a finished unittest run and ends with 0 when nothing failed."""
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    bad_tests = {str(test) for test, _ in [*result.failures, *result.errors]}
    passed = max(0, result.testsRun - len(bad_tests) - skipped)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    sys.exit(1 if failed else 0)


def run_and_count(suite=None):
    """Runs `suite`, or the tests of the calling program, those that its arguments name if any."""
    if suite is None:
        loader = unittest.defaultTestLoader
        main = sys.modules["__main__"]
        suite = loader.loadTestsFromNames(sys.argv[1:], main) if sys.argv[1:] else loader.loadTestsFromModule(main)
    report(unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite))


def run_folder(folder):
    """Runs the *_test.py of a folder, or what the arguments name: MODULE[.CLASS[.TEST]]."""
    loader = unittest.defaultTestLoader
    run_and_count(loader.loadTestsFromNames(sys.argv[1:]) if sys.argv[1:]
                  else loader.discover(str(folder), pattern="*_test.py", top_level_dir=str(folder)))
