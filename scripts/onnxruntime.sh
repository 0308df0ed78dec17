#!/usr/bin/env bash
# Puts the ONNX Runtime library where razz finds it: ${RAZZ_CACHE:-~/.cache/razz}/onnxruntime.
#
#   scripts/onnxruntime.sh            whichever of these is there already, else the first
#   scripts/onnxruntime.sh cpu        the plain CPU library (24 MB)
#   scripts/onnxruntime.sh openvino   with the OpenVINO provider, faster on many CPUs (about 100 MB)
#   scripts/onnxruntime.sh cuda       with the CUDA and TensorRT providers (about 260 MB); they need
#                                     the machine's own driver, CUDA 13 and cuDNN
#
# razz works without it, by its built-in engine. The wheels come from PyPI by pip and are checked
# against the hashes in scripts/onnxruntime-*.txt; only the libraries are unpacked.
set -euo pipefail
cd "$(dirname "$0")"

flavour=${1:-cpu}
pins=onnxruntime-$flavour.txt
[ -f "$pins" ] || {
  echo "usage: scripts/onnxruntime.sh [cpu|openvino|cuda]" >&2
  exit 2
}

cache=${RAZZ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/razz}
folder=$cache/onnxruntime
wanted=$(grep -o '^[a-z-]*==[0-9.]*' "$pins")
installed=$(cat "$folder/VERSION" 2>/dev/null || true)
if [ "$installed" = "$wanted" ] ||
  { [ $# = 0 ] && [ -n "$installed" ] && grep -qF "$installed " onnxruntime-*.txt; }; then
  echo "onnxruntime: $installed is in $folder"
  exit 0
fi

fetched=$(mktemp -d)
trap 'rm -rf "$fetched"' EXIT
echo "onnxruntime: fetching $wanted"
# One wheel for one Python, whichever Python is here: only the library inside is used.
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
  --python-version 3.11 --implementation cp --abi cp311 \
  --platform "manylinux_2_28_$(uname -m)" --platform "manylinux_2_27_$(uname -m)" \
  --require-hashes --requirement "$pins" --dest "$fetched" </dev/null

# Unpacked beside and then moved into place, so that a reader finds all of it or nothing.
mkdir -p "$cache"
fresh=$(mktemp -d "$cache/onnxruntime.XXXXXX")
trap 'rm -rf "$fetched" "$fresh"' EXIT
python3 - "$fetched"/*.whl "$fresh" <<'PYTHON'
"""Unpacks the shared libraries of a wheel, flat, into a folder."""
import os
import shutil
import sys
import zipfile

wheel, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        base = os.path.basename(name)
        library = ".so" in base and base.startswith("lib")
        licence = base in ("LICENSE", "ThirdPartyNotices.txt")
        if not (library or licence):
            continue
        with archive.open(name) as source, open(os.path.join(folder, base), "wb") as target:
            shutil.copyfileobj(source, target)

main = [name for name in os.listdir(folder) if name.startswith("libonnxruntime.so.")]
if len(main) != 1:
    sys.exit(f"{os.path.basename(wheel)} should carry one libonnxruntime.so.*, found {main}")
os.symlink(main[0], os.path.join(folder, "libonnxruntime.so"))
PYTHON
echo "$wanted" >"$fresh/VERSION"
chmod 755 "$fresh"
rm -rf "$folder"
mv "$fresh" "$folder"
echo "onnxruntime: $wanted is now in $folder"
