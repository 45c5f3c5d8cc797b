#!/usr/bin/env bash
# Runs fuzz targets one after the other under libFuzzer: run.sh FOUND TARGET... Others may run beside it, of other targets.
#
# FUZZ_SECONDS=N: each for so long, with inputs that nobody has seen before. With FUZZ_RUNS=N instead each does so many
# inputs, chosen by FUZZ_SEED: the same ones every time, as long as target and corpus are the same. What is new is kept
# below FOUND, and so is what fails.
set -eu
found=$1
shift

for setting in "FUZZ_SECONDS=${FUZZ_SECONDS-60}" "FUZZ_RUNS=${FUZZ_RUNS:-1}" "FUZZ_SEED=${FUZZ_SEED-1}"; do
  case ${setting#*=} in
  *[!0-9]*) ;;
  *[1-9]*) continue ;;
  esac
  echo "fuzz: $setting: give a number from 1 up (libFuzzer takes 0 for no end, and as a seed for any)" >&2
  exit 2
done

# The address sanitizer keeps what was freed, to find who still uses it: 16 MiB of it are enough for one input, and far
# faster than the usual 256.
export ASAN_OPTIONS=quarantine_size_mb=16${ASAN_OPTIONS:+:$ASAN_OPTIONS}

# Where stacks lie counts as something new; not every container allows to fix that.
fixed=()
if [ "${FUZZ_RUNS-}" ] && setarch -R true 2>/dev/null; then fixed=(setarch -R); fi

for target; do
  name=${target##*/fuzz_}
  corpus=tests/fuzz/corpus/$name
  flags=(-timeout=20 -rss_limit_mb=4096 -print_final_stats=1 "-artifact_prefix=$found/$name/crash-")
  if [ -f "tests/fuzz/dict/$name.dict" ]; then flags+=("-dict=tests/fuzz/dict/$name.dict"); fi
  if [ "${FUZZ_RUNS-}" ]; then
    rm -rf "${found:?}/$name"
    # Inputs are named one by one, since a folder is read in whatever order the disk has; nothing is read again after a
    # while; and no addresses are mistaken for values worth trying.
    find "$corpus" -type f | LC_ALL=C sort | paste -sd, >"$target.seeds"
    flags+=("-runs=$FUZZ_RUNS" "-seed=$FUZZ_SEED" -reload=0 -use_cmp=0 "-seed_inputs=@$target.seeds" "$found/$name")
  else
    flags+=("-max_total_time=$FUZZ_SECONDS" "$found/$name" "$corpus")
  fi
  mkdir -p "$found/$name"
  if ! "${fixed[@]}" "$target" "${flags[@]}" 2>"$target.log"; then
    tail -n 60 "$target.log"
    echo "FAILED: $target"
    exit 1
  fi
  printf '== %s\n%s\n' "$name" "$(grep -E '^(stat::number_of_executed_units|stat::new_units)' "$target.log")"
done
