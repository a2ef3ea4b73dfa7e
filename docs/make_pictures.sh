#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the pictures of the manual: docs/make_pictures.sh [BIN]. Needs Xvfb, openbox, xdotool and ImageMagick (./dev test installs them).
# The runs in the pictures are real and short; their project stays in build/pictures.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=${1:-build/bin}
out=docs/pictures
work=build/pictures
mkdir -p "$out" "$work"
project=$work/tiny-language.dsx

if [ ! -f "$project" ]; then
  run() { "$bin/deepshock" run "$@" --project "$project" >/dev/null; }
  for seed in 1 2 3; do
    run template:shakespeare-char --set /name=shakespeare-char --set /training/steps=240 --set /training/eval_every=30 --set /model/width=64 --set "/seed=$seed"
    run template:shakespeare-char --set /name=shakespeare-wide --set /training/steps=240 --set /training/eval_every=30 --set /model/width=96 --set /optimizer/lr=2e-3 --set "/seed=$seed"
  done
  run template:mnist-cnn --set /training/epochs=1
fi
if ! "$bin/deepshock" generate --project "$project" shakespeare-exported --prompt A --tokens 1 >/dev/null 2>&1; then  # a model of its own
  "$bin/deepshock" model export --project "$project" r-0001 --format safetensors -o "$work/shakespeare-exported.safetensors" >/dev/null
  "$bin/deepshock" model import "$work/shakespeare-exported.safetensors" --project "$project" >/dev/null
fi

searches=$work/searches.dsx
if [ ! -f "$searches" ]; then
  search() { "$bin/deepshock" run "$@" --project "$searches" >/dev/null; }
  search template:dnas-nasbench201 --set /name=cell-mnist --set /search/algorithm/lr=0.02 --set /search/guards/eigenvalue_every=4 --set /training/steps_per_epoch=40
  search template:dnas-lm-comparison --set /name=worth-it --set /data/source=builtin:tinyshakespeare --set /comparison/repeats=3 --set /comparison/random=1 \
    --set /comparison/random_limit=2 --set /training/epochs=4 --set /training/steps_per_epoch=20 --set /comparison/training/steps=80
fi

for n in $(seq 140 190); do [ -e "/tmp/.X11-unix/X$n" ] || break; done
Xvfb ":$n" -screen 0 1440x900x24 -nolisten tcp >/dev/null 2>&1 & server=$!
trap 'kill $server 2>/dev/null || true' EXIT
for _ in $(seq 50); do [ -S "/tmp/.X11-unix/X$n" ] && break; sleep .1; done
export DISPLAY=":$n" QT_QPA_PLATFORM=xcb QT_SCALE_FACTOR=1
XDG_RUNTIME_DIR=$(mktemp -d); export XDG_RUNTIME_DIR; chmod 700 "$XDG_RUNTIME_DIR"
openbox >/dev/null 2>&1 &

# window THEME ARGUMENTS… -- KEYS…: opens, presses keys with a pause after each, and leaves the window open for `shot`.
window() {
  local theme=$1; shift
  local arguments=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do arguments+=("$1"); shift; done
  [ $# -gt 0 ] && shift
  "$bin/deepshock-workbench" --theme "$theme" --settings "$(mktemp -d)/workbench.ini" "${arguments[@]}" >/dev/null 2>&1 & program=$!
  for _ in $(seq 100); do xdotool search --onlyvisible --pid $program >/dev/null 2>&1 && break; sleep .2; done
  xdotool search --onlyvisible --pid $program windowsize --sync %@ 1440 900 windowmove %@ 0 0 2>/dev/null || true
  sleep 4
  local key
  for key in "$@"; do xdotool key "$key"; sleep 1.5; done
  sleep 2
}
shot() { import -window root -depth 8 -define png:compression-level=9 "$out/$1.png"; kill $program; wait $program 2>/dev/null || true; }

for theme in light dark; do
  window $theme --start; shot "start-page-$theme"
  window $theme "$project" -- ctrl+shift+r Home Return; shot "run-dashboard-image-$theme"
  window $theme "$project" -- ctrl+shift+r Home Down Return; shot "run-dashboard-$theme"
  window $theme "$project" -- ctrl+shift+r Home Down Return F4; shot "experiment-editor-$theme"
  window $theme "$project" -- ctrl+k s h a k e s p e a r e minus e x p Return ctrl+Return; shot "model-$theme"
  window $theme "$project" -- ctrl+shift+r ctrl+a ctrl+m; shot "run-compare-$theme"
  window $theme "$searches" -- ctrl+shift+r Home Return; shot "comparison-$theme"
  window $theme "$searches" -- ctrl+shift+r Home Down Return; shot "search-dashboard-$theme"
  window $theme "$searches" -- ctrl+shift+r Home Down Return F4; shot "search-designer-$theme"
done
