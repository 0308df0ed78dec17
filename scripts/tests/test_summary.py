"""The counting of test-part.py and test-all.py."""
import importlib.util
import os
import pathlib
import unittest
from unittest import mock

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent


def load(name):
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


part = load("test-part")
whole = load("test-all")

CARGO = """\
   Compiling razz-track v0.1.0
     Running unittests src/lib.rs (target/debug/deps/razz_track-0a1b)

running 3 tests
test kalman::tests::steps ... ok
test kalman::tests::panics - should panic ... ok
test kalman::tests::wrong ... FAILED

test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s

     Running tests/outside.rs (target/debug/deps/outside-2c3d)

running 3 tests
test real_sequences ... ignored, needs RAZZ_TESTDATA: MOT17, with references
test both ... ignored, needs RAZZ_TESTDATA and ONNX Runtime: models
test onnx_runtime::boxes ... ignored, needs ONNX Runtime: make onnxruntime

test result: ok. 0 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests razz_track

running 1 test
test crates/track/src/lib.rs - (line 9) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.40s
"""


def cargo(text):
    output = part.CargoOutput()
    for line in text.splitlines(keepends=True):
        output.line(line)
    return output


def counted(first, again=None):
    count = part.Count("rust")
    part.add_rust(count, first, again)
    return count


class Rust(unittest.TestCase):
    def there(self, *names):
        everything = {name: (lambda name=name: name in names) for name in part.NEEDS}
        patch = mock.patch.object(part, "NEEDS", everything)
        patch.start()
        self.addCleanup(patch.stop)

    def test_ignored_tests_are_skips_with_their_reasons(self):
        self.there()
        count = counted((cargo(CARGO), 101))
        self.assertEqual((count.passed, count.failed, len(count.skipped)), (3, 1, 3))
        self.assertEqual(
            count.skipped[0], ("tests/outside.rs real_sequences", "needs RAZZ_TESTDATA: MOT17, with references")
        )

    def test_what_was_run_in_the_second_run_is_no_skip(self):
        self.there("ONNX Runtime")
        again = "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 5 filtered out; finished in 1s\n"
        count = counted((cargo(CARGO), 101), (cargo(again), 0))
        self.assertEqual((count.passed, count.failed), (4, 1))
        self.assertEqual([name for name, _ in count.skipped], ["tests/outside.rs real_sequences", "tests/outside.rs both"])

    def test_a_test_that_needs_two_things_needs_both(self):
        self.there("RAZZ_TESTDATA")
        self.assertTrue(part.can_run("needs RAZZ_TESTDATA: clips"))
        self.assertFalse(part.can_run("needs RAZZ_TESTDATA and ONNX Runtime: clips"))

    def test_a_reason_that_is_not_known_never_runs(self):
        self.there("RAZZ_TESTDATA", "ONNX Runtime")
        for reason in ["takes an hour", "needs a camera: on the wall", "no reason is given"]:
            self.assertFalse(part.can_run(reason), reason)

    def test_an_ignored_test_without_a_readable_line_is_counted(self):
        self.there()
        garbled = "test a ... razz: started\nignored\ntest result: ok. 0 passed; 0 failed; 1 ignored; 0 measured\n"
        self.assertEqual(len(counted((cargo(garbled), 0)).skipped), 1)

    def test_what_does_not_build_is_a_failure(self):
        self.assertEqual(counted((cargo("error: could not compile\n"), 101)).failed, 1)

    def test_a_folder_that_is_not_there_is_no_test_data(self):
        with mock.patch.dict(os.environ, RAZZ_TESTDATA="/nowhere"), self.assertRaises(SystemExit):
            part.testdata_is_there()
        with mock.patch.dict(os.environ):
            os.environ.pop("RAZZ_TESTDATA", None)
            self.assertFalse(part.testdata_is_there())


class Web(unittest.TestCase):
    def test_vitest(self):
        test = lambda status: {"status": status, "fullName": "player starts"}  # noqa: E731
        name = str(part.ROOT / "web/src/a.test.ts")
        report = {
            "numPassedTests": 2,
            "numFailedTests": 1,
            "testResults": [
                {"name": name, "status": "failed", "assertionResults": [test("passed"), test("failed"), test("skipped")]},
                {"name": name, "status": "failed", "assertionResults": []},
            ],
        }
        count = part.Count("web")
        part.add_vitest(count, report)
        self.assertEqual((count.passed, count.failed), (2, 2), "a file that does not load has failed")
        self.assertEqual(count.skipped, [("web/src/a.test.ts player starts", "marked skipped in the file")])


class Closing(unittest.TestCase):
    def found(self, passed, failed, *skipped):
        return {"passed": passed, "failed": failed, "skipped": list(skipped)}

    def test_everything_is_summed_and_the_last_line_is_plain(self):
        lines, status = whole.sum_up([
            ("lint", None, 0, None),
            ("test-rust", "rust", 0, self.found(600, 0, ("a", "needs RAZZ_TESTDATA: clips"))),
            ("test-e2e", "e2e", 0, self.found(90, 0, ("b", "no Firefox"))),
        ])
        self.assertEqual(lines, [
            "skipped: rust: a: needs RAZZ_TESTDATA: clips", "skipped: e2e: b: no Firefox", "690 passed, 0 failed, 2 skipped",
        ])
        self.assertEqual(status, 0)

    def test_failures_are_told_beside_the_results_of_the_others(self):
        lines, status = whole.sum_up([
            ("lint", None, 2, None),
            ("test-rust", "rust", 2, self.found(599, 1)),
            ("test-web", "web", 2, None),
            ("test-e2e", "e2e", 0, self.found(90, 0)),
        ])
        self.assertEqual(lines[-1], "689 passed, 3 failed, 0 skipped")
        self.assertEqual(status, 1)
        self.assertIn("failed: lint: exit status 2", lines)
        self.assertTrue(any(line.startswith("failed: test-web: left no count") for line in lines), lines)

    def test_a_part_that_fails_without_a_failed_test_is_a_failure(self):
        lines, status = whole.sum_up([("test-web", "web", 1, self.found(5, 0))])
        self.assertEqual((lines[-1], status), ("5 passed, 1 failed, 0 skipped", 1))

    def test_a_part_that_left_no_record_is_a_failure_even_if_it_ended_well(self):
        lines, status = whole.sum_up([("test-e2e", "e2e", 0, None)])
        self.assertEqual((lines[-1], status), ("0 passed, 1 failed, 0 skipped", 1))

    def test_a_record_that_cannot_be_read_is_none(self):
        self.assertIsNone(whole.read("/nowhere", "rust"))


if __name__ == "__main__":
    unittest.main()
