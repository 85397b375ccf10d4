#!/usr/bin/env bash
# Lets libFuzzer look for a text or a picture at which a reader panics or takes long: the targets in fuzz/, guided by what of
# the program each input reaches. What cargo-fuzz does without a sanitizer, with the stable compiler.
#
#   packaging/fuzz.sh [SECONDS]
#
# SECONDS is for each target, by default 60. What was found before is kept in target/fuzz/corpus and is where the next run begins.
# An input at which something fails is kept in target/fuzz/failed, and its name is printed: the exit code is 1 then.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
build=$PWD/target/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
# "name bytes-at-most"
targets="design 6000
scenario 800
words 500
picture 80000
record 6000"

say() { printf '%s\n' "$*" >&2; }

export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Cdebug-assertions -Ccodegen-units=1"
# With a target named, build scripts and macros are not instrumented.
cargo build --release --manifest-path fuzz/Cargo.toml --target "$host" --target-dir "$build"
unset RUSTFLAGS
cargo build --locked --no-default-features

mkdir -p "$build/failed" "$build/home"
HOME=$build/home
export HOME
while read -r name _; do
  mkdir -p "$build/corpus/$name"
done <<<"$targets"
cp assets/templates/*.toml "$build/corpus/design/"
cp fuzz/seeds/scenario/* "$build/corpus/scenario/"
cp fuzz/seeds/words/* "$build/corpus/words/"
for design in assets/templates/*.toml; do
  for format in svg png; do
    target/debug/pgcascade diagram "$design" --force -o "$build/corpus/picture/$(basename "$design" .toml).$format" >/dev/null
  done
done

failed=0
while read -r name most; do
  say "-- $name: $seconds s"
  log=$build/$name.log
  if "$build/$host/release/$name" "$build/corpus/$name" -max_total_time="$seconds" -max_len="$most" -timeout=20 \
    -artifact_prefix="$build/failed/$name-" -print_final_stats=1 -print_funcs=0 >"$log" 2>&1 </dev/null; then
    sed -n 's/^stat::number_of_executed_units: */   inputs tried: /p' "$log"
  else
    failed=1
    tail -n 30 "$log"
  fi
done <<<"$targets"
if ((failed)); then
  say "Something failed: its inputs are in $build/failed."
fi
exit "$failed"
