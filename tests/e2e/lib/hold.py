#!/usr/bin/python3
"""Holds a file so that whoever opens it waits: hold.py FILE

A write lease (fcntl(2), F_SETLEASE): the file can be found and looked at, but open(2) in another
process blocks until the lease is given back, for at most /proc/sys/fs/lease-break-time (45 s).
Prints {"holding": true}, gives the lease back on a line of standard input or its end, and answers
{"asked": whether somebody was waiting}.
"""

import fcntl
import json
import os
import signal
import sys

asked = False


def on_break(_signal, _frame):
    global asked
    asked = True


def main():
    signal.signal(signal.SIGIO, on_break)
    file = os.open(sys.argv[1], os.O_RDWR)
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except OSError as error:
        print(json.dumps({"missing": f"no leases on this file system: {error}"}), flush=True)
        raise SystemExit(3) from error
    print(json.dumps({"holding": True}), flush=True)
    sys.stdin.readline()
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    print(json.dumps({"asked": asked}), flush=True)


if __name__ == "__main__":
    main()
