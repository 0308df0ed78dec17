#!/usr/bin/env python3
"""Runs one part of the tests, and records what became of them.

    scripts/test-part.py rust [OPTION OF cargo test ...]
    scripts/test-part.py cost
    scripts/test-part.py web
    scripts/test-part.py scripts

Closes with a line of its own and, where RAZZ_TEST_SUMMARY names a folder, with PART.json in it:
{"part": ..., "passed": N, "failed": N, "skipped": [{"name": ..., "reason": ...}]}.

Rust tests that need more than the repository say so: #[ignore = "needs RAZZ_TESTDATA: ..."]. They run
where all that they need is there (NEEDS), and are counted as skipped, with that reason, where it is not.
"""
import ctypes.util
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent


def testdata_is_there():
    folder = os.environ.get("RAZZ_TESTDATA")
    if folder and not pathlib.Path(folder).is_dir():
        sys.exit(f"RAZZ_TESTDATA is {folder}, which is no folder")
    return bool(folder)


def onnxruntime_is_there():
    """Whether a library lies where razz looks for one (crates/vision/src/engine/library.rs)."""
    named = os.environ.get("ORT_DYLIB_PATH")
    if named:
        return True
    cache = os.environ.get("RAZZ_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "razz"
    )
    system = ["/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/local/lib"]
    deep = pathlib.Path(cache, "onnxruntime").glob("**/libonnxruntime.so*")
    return any(deep) or any(any(pathlib.Path(folder).glob("libonnxruntime.so*")) for folder in system)


def libavcodec_is_there():
    """Whether the system finds one, or one is named (crates/vision/src/decode/ffmpeg/library.rs)."""
    return bool(os.environ.get("RAZZ_LIBAVCODEC") or ctypes.util.find_library("avcodec"))


NEEDS = {"RAZZ_TESTDATA": testdata_is_there, "ONNX Runtime": onnxruntime_is_there, "libavcodec": libavcodec_is_there}


class Count:
    """What became of the tests of a part."""

    def __init__(self, part):
        self.part, self.passed, self.failed, self.skipped = part, 0, 0, []

    def record(self):
        skips = [{"name": name, "reason": reason} for name, reason in self.skipped]
        folder = os.environ.get("RAZZ_TEST_SUMMARY")
        if folder:
            found = {"part": self.part, "passed": self.passed, "failed": self.failed, "skipped": skips}
            pathlib.Path(folder, f"{self.part}.json").write_text(json.dumps(found, indent=1) + "\n")
        print(f"{self.part}: {self.passed} passed, {self.failed} failed, {len(skips)} skipped", flush=True)


# Rust ------------------------------------------------------------------------------------------------


class CargoOutput:
    """Reads what `cargo test` prints, line by line."""

    def __init__(self):
        self.passed = self.failed = 0
        # (binary, name, reason), in the order in which they were met.
        self.ignored = []
        self.counted_ignored = 0
        self.binary = ""

    def line(self, text):
        if found := re.match(r"\s+(?:Running (?:unittests )?(\S+)|Doc-tests (\S+))", text):
            self.binary = found[1] or found[2]
        elif found := re.match(r"test (.+) \.\.\. ignored(?:, (.*))?$", text.rstrip()):
            self.ignored.append((self.binary, found[1], found[2] or "no reason is given"))
        elif found := re.match(r"test result: .* (\d+) passed; (\d+) failed; (\d+) ignored;", text):
            self.passed += int(found[1])
            self.failed += int(found[2])
            self.counted_ignored += int(found[3])


def needs(reason):
    """What a reason asks for: 'needs A and B: ...' is A and B."""
    found = re.match(r"needs ([^:]+)(?::|$)", reason)
    return found[1].split(" and ") if found else None


def can_run(reason):
    wanted = needs(reason)
    return wanted is not None and all(NEEDS.get(one, lambda: False)() for one in wanted)


def run(command):
    """Runs cargo, shows what it prints, and answers (output, exit status)."""
    # In one stream, for the binaries' names stand on stderr.
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT, text=True, errors="replace",
    )
    output = CargoOutput()
    for text in running.stdout:
        print(text, end="", flush=True)
        output.line(text)
    return output, running.wait()


def cargo_test(options, filters=()):
    return run(["cargo", "test", "--locked", "--no-fail-fast", *(options or ["--workspace"]), *filters])


def add_rust(count, first, again):
    """Sums up the first run and, where there was one, the second, which ran some that the first ignored."""
    (output, status), runs = first, [first] + ([again] if again else [])
    ran = {name for _, name, _ in output.ignored} if again else set()
    for run, exit_status in runs:
        count.passed += run.passed
        # Without a failed test it did not build, or a binary ended in the middle.
        count.failed += run.failed or int(exit_status != 0)
    for binary, name, reason in output.ignored:
        if not (again and name in ran and can_run(reason)):
            count.skipped.append((f"{binary} {name}".strip(), reason))
    unnamed = output.counted_ignored - len(output.ignored)
    count.skipped.extend([("a test whose line could not be read", "no reason could be read")] * unnamed)
    return status


def rust(options):
    count = Count("rust")
    first = cargo_test(options)
    names = sorted({name for _, name, reason in first[0].ignored if can_run(reason)})
    again = None
    if names:
        print(f"\nnow {len(names)} of the ignored tests, since what they need is here\n", flush=True)
        # No doc-tests: what they ignore is no test.
        again = cargo_test([*(options or ["--workspace"]), "--tests"], ["--", "--ignored", "--exact", *names])
        missing = len(names) - again[0].passed - again[0].failed
        if missing > 0 and again[1] == 0:
            print(f"{missing} of them did not run")
            count.failed += missing
    add_rust(count, first, again)
    return count


def cost():
    """The cost guards, which print as `cargo test` does."""
    count = Count("cost")
    add_rust(count, run(["cargo", "run", "--quiet", "--locked", "--profile", "cost", "--package", "razz-cost"]), None)
    return count


# The rest --------------------------------------------------------------------------------------------


def add_vitest(count, report):
    count.passed, count.failed = report["numPassedTests"], report["numFailedTests"]
    # A file that does not load has no tests that could fail.
    count.failed += sum(1 for file in report["testResults"] if file["status"] == "failed" and not any(
        test["status"] == "failed" for test in file["assertionResults"]))
    for file in report["testResults"]:
        for test in file["assertionResults"]:
            if test["status"] in ("skipped", "pending", "todo", "disabled"):
                name = f"{os.path.relpath(file['name'], ROOT)} {test['fullName']}"
                count.skipped.append((name, f"marked {test['status']} in the file"))


def web():
    count = Count("web")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "vitest.json")
        status = subprocess.run(
            ["npx", "vitest", "run", "--reporter=default", "--reporter=json", f"--outputFile.json={file}"],
            cwd=ROOT / "web", check=False,
        ).returncode
        if file.exists():
            add_vitest(count, json.loads(file.read_text()))
    if status != 0:
        count.failed = max(count.failed, 1)
    return count


def scripts():
    count = Count("scripts")
    found = unittest.defaultTestLoader.discover(str(ROOT / "scripts" / "tests"))
    result = unittest.TextTestRunner(verbosity=2).run(found)
    count.skipped = [(str(test), reason) for test, reason in result.skipped]
    count.failed = len(result.failures) + len(result.errors)
    count.passed = result.testsRun - count.failed - len(count.skipped)
    return count


def main():
    part, options = (sys.argv[1] if len(sys.argv) > 1 else ""), sys.argv[2:]
    parts = {"rust": lambda: rust(options), "cost": cost, "web": web, "scripts": scripts}
    if part not in parts:
        sys.exit("usage: scripts/test-part.py rust|cost|web|scripts")
    count = parts[part]()
    count.record()
    sys.exit(count.failed > 0)


if __name__ == "__main__":
    main()
