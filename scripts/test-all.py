#!/usr/bin/env python3
"""Runs parts of the tests one after the other, whatever becomes of them, and sums up.

    scripts/test-all.py TARGET[=PART] ...

Each TARGET is one of the Makefile. One with a PART leaves PART.json in the folder RAZZ_TEST_SUMMARY (see
scripts/test-part.py). What was skipped is listed with its reason, then what failed. The last line is plain:
N passed, N failed, N skipped. The exit status is 1 where anything failed or did not run.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile


def read(folder, part):
    """What a part recorded, or None where it recorded nothing that can be read."""
    try:
        found = json.loads(pathlib.Path(folder, f"{part}.json").read_text())
        return {
            "passed": int(found["passed"]),
            "failed": int(found["failed"]),
            "skipped": [(one["name"], one["reason"]) for one in found["skipped"]],
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None


def sum_up(results):
    """Lines to print, the last of them plain, and the exit status.

    `results`: (target, part or None, exit status, what the part recorded or None).
    """
    lines, troubles = [], []
    passed = failed = skipped = 0
    for target, part, status, found in results:
        if part and found is None:
            troubles.append(f"{target}: left no count of its tests, so they are not in the sum (exit status {status})")
            failed += 1
            continue
        if part:
            passed += found["passed"]
            failed += found["failed"]
            skipped += len(found["skipped"])
            lines.extend(f"skipped: {part}: {name}: {reason}" for name, reason in found["skipped"])
            if found["failed"]:
                troubles.append(f"{target}: {found['failed']} failed")
        if status != 0 and not (found and found["failed"]):
            troubles.append(f"{target}: exit status {status}")
            failed += 1
    lines.extend(f"failed: {trouble}" for trouble in troubles)
    lines.append(f"{passed} passed, {failed} failed, {skipped} skipped")
    return lines, int(failed > 0)


def main():
    make = os.environ.get("MAKE", "make")
    folder = os.environ.get("RAZZ_TEST_SUMMARY") or tempfile.mkdtemp(prefix="razz-tests-")
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ, RAZZ_TEST_SUMMARY=folder)
    results = []
    for argument in sys.argv[1:]:
        target, _, part = argument.partition("=")
        # Nothing of an earlier run may be taken for this one's.
        pathlib.Path(folder, f"{part}.json").unlink(missing_ok=True)
        print(f"\n=== make {target}", flush=True)
        status = subprocess.run([make, target], env=environment, check=False).returncode
        results.append((target, part or None, status, read(folder, part) if part else None))
    lines, status = sum_up(results)
    pathlib.Path(folder, "closing-line").write_text(lines[-1] + "\n")
    print("\n" + "\n".join(lines), flush=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
