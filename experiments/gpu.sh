#!/usr/bin/env bash
# Tests, benchmark and scores on a GPU, within ten minutes, on a machine without internet.
#
#   experiments/gpu.sh pack                    where there is internet: wheels into build/wheels
#   experiments/gpu.sh run --manual_dir=DIR    on the GPU machine, with this folder and the data
#   experiments/gpu.sh run --cpu               the same without a GPU: few steps, does it pass?
#
# `pack` needs the Python version of the GPU machine, and brings TensorFlow's CUDA libraries; only
# the driver must be there. `run` installs them in build/gpu, and leaves its logs, results.json of
# both trainings and benchmark.json in build/gpu-results. JAX and PyTorch bring gigabytes of their
# own: `pack --rivals` takes them along, without it the benchmark says "not measured".
set -euo pipefail
cd "$(dirname "$0")/.."
wheels=build/wheels venv=build/gpu results=build/gpu-results
usage() { sed -n 2,12p "$0" >&2; exit 2; }

pack() {
  extras=gpu,test
  if [ "${1:-}" = --rivals ]; then extras+=,benchmark; fi
  mkdir -p $wheels
  python3 -m pip download --quiet -c constraints.txt -d $wheels "setuptools>=77" wheel ".[$extras]"
  # What has no wheel is built here, and this package left out: `run` installs it from its folder.
  python3 -m pip wheel --quiet --no-deps -w $wheels $wheels/*.tar.gz && rm $wheels/*.tar.gz || true
  echo "$extras" >$wheels/extras
  du -sh $wheels
}

step() {  # step NAME SECONDS COMMAND...: says how long it took, and goes on if it fails
  local name=$1 limit=$(($2 * slack)) start=$SECONDS state=passed
  shift 2
  timeout "$limit" "$@" >"$results/$name.log" 2>&1 || { state="FAILED ($?)"; failed+=("$name"); }
  echo "$name: $state in $((SECONDS - start)) s"
}

run() {
  local places=() cpu='' failed=() slack=1
  for option in "$@"; do
    case $option in
      --cpu) cpu=1 slack=10 ;;
      --manual_dir=* | --data_dir=*) places+=("$option") ;;
      *) usage ;;
    esac
  done
  rm -rf $results && mkdir -p $results
  if [ -n "$cpu" ]; then
    export CUDA_VISIBLE_DEVICES=
    python=${PYTHON:-python3}
  else
    [ -f $wheels/extras ] || { echo "no wheels in $wheels: run $0 pack" >&2; exit 1; }
    python3 -m venv $venv
    python=$venv/bin/python
    $python -m pip install --quiet --no-index --find-links=$wheels setuptools wheel
    $python -m pip install --quiet --no-index --find-links=$wheels --no-build-isolation \
      -e ".[$(cat $wheels/extras)]"
  fi
  export PYTHONPATH=$PWD TF_FORCE_GPU_ALLOW_GROWTH=true TF_CPP_MIN_LOG_LEVEL=2
  $python - "${cpu:-0}" <<'PYTHON'
import sys
import tensorflow as tf

found = tf.config.list_physical_devices("GPU")
print("devices:", [tf.config.experimental.get_device_details(each)["device_name"] for each in found])
if not found and sys.argv[1] == "0":
    sys.exit("TensorFlow finds no GPU: nvidia-smi must work, or try --cpu")
PYTHON
  # On the GPU, whole runs and the whole benchmark; on CPUs, whether all of it runs.
  local epochs=() quick=() parts=rival,products,cross_fitted,change
  if [ -n "$cpu" ]; then
    epochs=("--gin_param=train.epochs = 1")
    quick=(--quick)
  fi
  # The limits add up to less than nine minutes, and leave one to install.
  step tests 110 $python -m pytest -q -n 0 -p no:cacheprovider tests/training/test_loop.py \
    tests/training/test_jit_compile.py tests/networks/test_dropout.py \
    tests/reliability/test_resume.py tests/inference/test_ascent.py
  if [ ${#places[@]} -gt 0 ]; then
    train() {  # train NAME SECONDS GIN_FILE [OPTION...]
      step "$1" "$2" $python -m alen_tf.train "--gin_file=gin/$3.gin" "${places[@]}" \
        "${epochs[@]}" "--workdir=$results/$1" "${@:4}"
    }
    train bibtex 60 bibtex/alen
    train bibtex-xla 60 bibtex/alen "--gin_param=train.jit_compile = True"
    train horses 110 weizmann_horses/alen_unet
  else
    step digits 60 $python -m alen_tf.train --gin_file=gin/digits/alen.gin "${epochs[@]}" \
      "--gin_param=train.jit_compile = True" "--workdir=$results/digits"
  fi
  step benchmark 180 $python -m experiments.benchmark "${quick[@]}" --sections=$parts
  tail -n 1 $results/benchmark.log >$results/benchmark.json
  $python - $results <<'PYTHON'
import json
import pathlib
import sys

for path in sorted(pathlib.Path(sys.argv[1]).glob("*/results.json")):
    found = json.loads(path.read_text())
    print(path.parent.name, "test:", json.dumps(found["test"]["refined"]), end=", ")
    print("seconds of training:", found["train_seconds"])
PYTHON
  if [ ${#failed[@]} -gt 0 ]; then
    echo "failed: ${failed[*]}; logs in $results" >&2
    exit 1
  fi
}

case ${1:-} in
  pack | run) "$@" ;;
  *) usage ;;
esac
