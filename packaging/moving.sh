#!/usr/bin/env bash
# Makes assets/guide/moving.gif, the picture at the head of README.md: the real window while a standby is dragged, the cluster
# is deployed, and the badges turn to what the servers show.
#
#   packaging/moving.sh PROGRAM [FILE.gif]     PROGRAM: a pgcascade with its window, a release build is smoother
#
# Needs Xvfb, xdotool, ImageMagick and a PostgreSQL of the design's version. It shows a window on a display of its own, works
# in a temporary home, and tears its cluster down. As root it gives the window to a user, PGCASCADE_USER (default: postgres).
set -euo pipefail
cd "$(dirname "$0")/.."

program=$(realpath "${1:?the program to show}")
target=${2:-assets/guide/moving.gif}
display=:${PGCASCADE_DISPLAY:-97}
user=${PGCASCADE_USER:-postgres}
# Ports that nobody else uses here.
first_port=${PGCASCADE_PORT:-27432}

for tool in Xvfb xdotool import convert; do
  command -v "$tool" >/dev/null || { echo "moving.sh: $tool is missing (packages xvfb, xdotool, imagemagick)" >&2; exit 1; }
done

work=$(mktemp -d)
chmod 755 "$work"
home=$work/home
mkdir "$home"
as_user=()
if [ "$(id -u)" -eq 0 ]; then
  as_user=(runuser -u "$user" --)
  chown "$user" "$home"
fi
in_home=("${as_user[@]}" env -i HOME="$home" PATH="$PATH" DISPLAY="$display" LIBGL_ALWAYS_SOFTWARE=1)

server='' window=''
clean_up() {
  [ -z "$window" ] || kill "$window" 2>/dev/null || true
  "${in_home[@]}" "$program" teardown "$home/pgcascade/seed" >/dev/null 2>&1 || true
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

# The seed, on ports of its own.
number=0
while IFS= read -r line; do
  case $line in
    "port = "*) line="port = $((first_port + number))"; number=$((number + 1)) ;;
  esac
  echo "$line"
done <assets/templates/seed.toml >"$home/seed.toml"
[ ${#as_user[@]} -eq 0 ] || chown "$user" "$home/seed.toml"

Xvfb "$display" -screen 0 1280x800x24 >/dev/null 2>&1 &
server=$!
export DISPLAY=$display
for _ in $(seq 50); do xdotool getdisplaygeometry >/dev/null 2>&1 && break; sleep 0.2; done
(cd "$home" && exec "${in_home[@]}" "$program" seed.toml) >/dev/null 2>&1 &
window=$!
id=$(timeout 60 xdotool search --sync --onlyvisible --name pgcascade | head -n 1)
[ -n "$id" ] || { echo "moving.sh: the window did not open" >&2; exit 1; }
# Until it is drawn: the first frames are empty.
sleep "${PGCASCADE_SETTLE:-5}"
xdotool windowfocus "$id"

frames=0
# shot HUNDREDTHS: one picture, shown so long.
shot() {
  local file
  file=$(printf '%s/%03d-%s.png' "$work" "$frames" "$1")
  import -window root -resize 960x600 "$file"
  frames=$((frames + 1))
}
# glide X Y COUNT: the pointer goes there, a picture at each step.
at_x=640 at_y=60
glide() {
  local step from_x=$at_x from_y=$at_y
  for step in $(seq "$3"); do
    xdotool mousemove $((from_x + ($1 - from_x) * step / $3)) $((from_y + ($2 - from_y) * step / $3))
    sleep 0.3
    shot 9
  done
  at_x=$1 at_y=$2
}

xdotool mousemove "$at_x" "$at_y"
sleep 1
shot 120
# slave12 is dragged low onto slave2, and back by Undo.
glide 600 516 4
xdotool mousedown 1
glide 815 395 9
shot 120
xdotool mouseup 1
sleep 1
shot 140
# Deploy: the folder, the plan, the run.
glide 1224 52 4
xdotool click 1
sleep 2
shot 80
xdotool key Return
sleep 4
shot 140
glide "${PGCASCADE_DEPLOY_X:-972}" "${PGCASCADE_DEPLOY_Y:-188}" 2
xdotool click 1
for _ in $(seq "${PGCASCADE_RUN_FRAMES:-14}"); do
  sleep 0.3
  shot 14
done
sleep 3
shot 300

arguments=()
for file in "$work"/[0-9]*.png; do
  delay=${file##*-}
  arguments+=(-delay "${delay%.png}" "$file")
done
convert "${arguments[@]}" -loop 0 -dither None -colors 96 -layers OptimizeFrame -layers OptimizeTransparency "$target"
ls -l "$target"
