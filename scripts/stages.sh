# Sourced by ./run, ./test and the scripts beside it: stages with a word of progress each, their
# output in build/logs, the end of it on the screen when one fails.
#
# A stage prints one line when it is done ("  build     release leat … 12 s"). While it runs, the line
# shows how far ninja is on a terminal; elsewhere there is a line for it now and then.

LEAT_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LEAT_LOGS=$LEAT_ROOT/build/logs

# fail MESSAGE…: says why and ends the script.
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Rewrites the current line of a terminal; nothing elsewhere.
progress() {
  if [ -t 1 ]; then printf '\r\033[K  %-9s %s' "$1" "$2"; fi
}

# The line that stays.
report() {
  if [ -t 1 ]; then printf '\r\033[K'; fi
  printf '  %-9s %s\n' "$1" "$2"
}

# stage WORD LOG-NAME WHAT COMMAND…: runs the command with its output in build/logs/LOG-NAME.log.
# Returns the command's exit code, after the last lines of the log if it is not 0.
stage() {
  local word=$1 log=$LEAT_LOGS/$2.log what=$3 started=$SECONDS code=0
  shift 3
  mkdir -p "$LEAT_LOGS"
  progress "$word" "$what …"
  if [ -t 1 ]; then
    "$@" 2>&1 </dev/null | tee "$log" | show_progress "$word" "$what" || code=${PIPESTATUS[0]}
  else
    tell_progress "$word" "$what" "$log" &
    local teller=$!
    "$@" >"$log" 2>&1 </dev/null || code=$?
    { kill "$teller" && wait "$teller"; } 2>/dev/null || true
  fi
  if [ "$code" -eq 0 ]; then
    report "$word" "$what ($((SECONDS - started)) s)"
  else
    report "$word" "$what: FAILED; the end of $(relative "$log"):"
    tail -n "${LEAT_LOG_LINES:-40}" "$log" >&2
  fi
  return "$code"
}

# Shows the latest "[12/200] …" of ninja, "3/14 Test …" of ctest and the like on one line.
show_progress() {
  local line
  while IFS= read -r line; do
    if [[ $line =~ ^\[[0-9]+/[0-9]+\] || $line =~ ^\ *[0-9]+/[0-9]+\  ]]; then
      progress "$1" "$2 ${BASH_REMATCH[0]}"
    fi
  done
}

# Says every LEAT_PROGRESS_SECONDS how far the log is that somebody writes: "release: leat 120/266".
tell_progress() {
  local silence last=''
  # A pipe into which nobody writes: `sleep` would outlive this when it is killed.
  exec {silence}<> <(:)
  while kill -0 $$ 2>/dev/null; do
    read -r -t "${LEAT_PROGRESS_SECONDS:-30}" -u "$silence" || true
    last=$(grep -aoE '^(\[[0-9]+/[0-9]+\]| *[0-9]+/[0-9]+ )' "$3" 2>/dev/null | tail -n 1 | tr -d '[] ') || true
    report "$1" "$2${last:+ $last}"
  done
}

relative() { printf '%s' "${1#"$LEAT_ROOT"/}"; }

# build_targets PRESET TARGET…: configures when needed and builds. Quiet when there is nothing to do.
build_targets() {
  local preset=$1 directory=$LEAT_ROOT/build/$1
  shift
  if [ ! -f "$directory/build.ninja" ] || [ "$LEAT_ROOT/CMakePresets.json" -nt "$directory/build.ninja" ]; then
    stage build "configure-$preset" "configure $preset" \
      cmake -S "$LEAT_ROOT" --preset "$preset" || return 1
  fi
  stage build "build-$preset" "$preset: $*" cmake --build "$directory" --target "$@"
}
