#!/usr/bin/env python3
"""Measures razz beside the script that people write today: OpenCV, ultralytics' YOLO11 and its ByteTrack.

    scripts/python-pipeline.py --clip street.mp4 --model yolo11n.onnx [--razz target/release/razz]
                               [--cameras 1,2,3,4] [--seconds 20] [--detect-fps 5] [--razz-config FILE]

Both read the same RTSP cameras (GStreamer's server, tests/e2e/camera) and run the same model file, in turn, for
each number of cameras. The script is what tutorials teach: a thread for each camera takes every frame with
OpenCV's VideoCapture and hands as many as are wanted to model.track(persist=True) with bytetrack.yaml. razz runs
with the settings of --razz-config (TOML, without cameras) in place of its defaults, and `detector.idle = false`.

The row of each run: detections a second and camera (least, mean), the CPU time of the process in core-milliseconds a
second, its memory, and how long after it was there a frame's tracks were out (median). Needs Python with
ultralytics, opencv-python-headless and onnxruntime (pip), and `make setup` for the cameras. Nothing else should run.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
WARM_UP = 8


def cpu_seconds(pid):
    """CPU time of a process and its ended children so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def worker(urls, model, rate):
    """The script that people write; says what it did on standard output until it is ended."""
    import cv2
    from ultralytics import YOLO

    done = [0] * len(urls)
    delays = [[] for _ in urls]

    def watch(n, url):
        capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG)
        yolo = YOLO(model, task="detect")
        due = time.monotonic()
        while capture.grab():
            came = time.monotonic()
            if came < due:
                continue
            due = max(due + 1 / rate, came - 1 / rate)
            there, frame = capture.retrieve()
            if not there:
                continue
            yolo.track(frame, persist=True, tracker="bytetrack.yaml", imgsz=(384, 640), verbose=False)
            done[n] += 1
            delays[n].append(time.monotonic() - came)

    for n, url in enumerate(urls):
        threading.Thread(target=watch, args=(n, url), daemon=True).start()
    for _line in sys.stdin:
        recent = [delay for one in delays for delay in one[-50:]]
        print(json.dumps({"done": list(done), "delay_ms": 1000 * statistics.median(recent) if recent else None}), flush=True)


class Python:
    name = "OpenCV and ultralytics"

    def __init__(self, options, urls):
        command = [sys.executable, __file__, "--worker", json.dumps([urls, options.model, options.detect_fps])]
        env = {**os.environ, "OPENCV_FFMPEG_CAPTURE_OPTIONS": "rtsp_transport;tcp", "YOLO_AUTOINSTALL": "false", "YOLO_OFFLINE": "true"}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def look(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("the Python script ended; its errors are above")
            if line.startswith("{"):
                found = json.loads(line)
                return found["done"], found["delay_ms"]

    def stop(self):
        self.process.kill()
        self.process.wait()


class Razz:
    name = "razz"

    def __init__(self, options, urls):
        self.folder = tempfile.TemporaryDirectory()
        config = Path(options.razz_config).read_text() if options.razz_config else ""
        if "[detector]" not in config:
            config += "[detector]\n"
        config = config.replace("[detector]\n", f'[detector]\nmodel = {json.dumps(str(Path(options.model).resolve()))}\nidle = false\n', 1)
        config += '[server]\nlisten = "127.0.0.1:0"\ncompat_listen = ""\nwebrtc_udp = "127.0.0.1:0"\n'
        for n, url in enumerate(urls, 1):
            config += f'[[camera]]\nid = {n}\nurl = {json.dumps(url)}\ndetect_fps = {options.detect_fps}\n'
        path = Path(self.folder.name, "razz.toml")
        path.write_text(config)
        log = open(Path(self.folder.name, "log"), "w")
        self.process = subprocess.Popen([options.razz, "serve", "--config", str(path)], stdout=subprocess.PIPE, stderr=log, text=True)
        self.cameras = len(urls)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(Path(self.folder.name, "log").read_text())
        self.listen = json.loads(line)["listen"]

    def get(self, route):
        with urllib.request.urlopen(f"http://{self.listen}{route}", timeout=10) as answer:
            return answer.read().decode()

    def look(self):
        done = [0] * self.cameras
        for line in self.get("/metrics").splitlines():
            if line.startswith("razz_camera_frames_detected_total{"):
                camera = int(line.split('camera="')[1].split('"')[0])
                done[camera - 1] = float(line.rsplit(" ", 1)[1])
        delays = []
        for n in range(1, self.cameras + 1):
            latency = json.loads(self.get(f"/api/cameras/{n}/status"))["latency_ms"]
            if latency:
                delays.append(latency["p50"])
        return done, statistics.median(delays) if delays else None

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def measure(kind, options, urls):
    run = kind(options, urls)
    try:
        deadline = time.monotonic() + 120
        while not all(run.look()[0]):
            if time.monotonic() > deadline:
                break
            time.sleep(0.5)
        time.sleep(WARM_UP)
        pid = run.process.pid
        (before, _), cpu, began = run.look(), cpu_seconds(pid), time.monotonic()
        time.sleep(options.seconds)
        (after, delay), cpu, took = run.look(), cpu_seconds(pid) - cpu, time.monotonic() - began
        rates = [(b - a) / took for a, b in zip(before, after)]
        return {"what": kind.name, "cameras": len(urls), "least": min(rates), "mean": statistics.mean(rates),
                "core_ms": 1000 * cpu / took, "memory_mb": memory_mb(pid), "delay_ms": delay}
    finally:
        run.stop()


def main():
    if sys.argv[1:2] == ["--worker"]:
        return worker(*json.loads(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--razz", default="target/release/razz")
    parser.add_argument("--razz-config")
    parser.add_argument("--cameras", default="1,2,3,4")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--detect-fps", type=float, default=5)
    parser.add_argument("--only", choices=("python", "razz"))
    options = parser.parse_args()
    counts = [int(count) for count in options.cameras.split(",")]
    mounts = [f"camera{n}=clip:{Path(options.clip).resolve()}" for n in range(1, max(counts) + 1)]
    camera = subprocess.Popen(["/usr/bin/python3", str(ROOT / "tests/e2e/camera/camera.py"), *mounts],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    kinds = {"python": [Python], "razz": [Razz]}.get(options.only, [Python, Razz])
    try:
        port = json.loads(camera.stdout.readline())["port"]
        print(f"{'':24}{'cameras':>8}{'least/s':>9}{'mean/s':>8}{'core-ms/s':>11}{'each':>7}{'MB':>7}{'delay ms':>10}", flush=True)
        for count in counts:
            urls = [f"rtsp://127.0.0.1:{port}/camera{n}" for n in range(1, count + 1)]
            for kind in kinds:
                row = measure(kind, options, urls)
                delay = "-" if row["delay_ms"] is None else f"{row['delay_ms']:.0f}"
                print(f"{row['what']:24}{count:8}{row['least']:9.2f}{row['mean']:8.2f}{row['core_ms']:11.0f}"
                      f"{row['core_ms'] / count:7.0f}{row['memory_mb']:7.0f}{delay:>10}", flush=True)
    finally:
        camera.kill()


if __name__ == "__main__":
    main()
