#!/usr/bin/env bash
# Runs one command of amp-stack as a step of a workflow: mistakes become annotations, a plan becomes the
# summary of the job and a comment under the pull request.
set -euo pipefail

stacks=()
while IFS= read -r stack; do
    [ -n "$stack" ] && stacks+=("$stack")
done <<<"$STACKS"
options=()
while IFS= read -r variable; do
    [ -n "$variable" ] && options+=(--var "$variable")
done <<<"$VARIABLES"

case "$COMMAND" in
validate)
    amp-stack validate --format github "${stacks[@]}" "${options[@]}"
    ;;
plan)
    if [ -n "$PLAN_FILE" ]; then
        options+=(--out "$PLAN_FILE")
    fi
    status=0
    amp-stack plan --format markdown --detailed-exitcode "${stacks[@]}" "${options[@]}" >"$RUNNER_TEMP/plan.md" || status=$?
    cat "$RUNNER_TEMP/plan.md" >>"$GITHUB_STEP_SUMMARY"
    if [ "$COMMENT" = true ] && [ -n "$PULL_REQUEST" ] && [ -s "$RUNNER_TEMP/plan.md" ]; then
        gh pr comment "$PULL_REQUEST" --body-file "$RUNNER_TEMP/plan.md" --edit-last --create-if-none
    fi
    case "$status" in
    0) echo todo=no >>"$GITHUB_OUTPUT" ;;
    2) echo todo=yes >>"$GITHUB_OUTPUT" ;;
    *) exit "$status" ;;
    esac
    ;;
apply)
    if [ -n "$PLAN_FILE" ]; then
        amp-stack apply "$PLAN_FILE" --yes
    else
        amp-stack apply "${stacks[@]}" "${options[@]}" --yes
    fi
    ;;
*)
    echo "::error::the action amp-stack has no command \`$COMMAND\`: validate, plan or apply"
    exit 1
    ;;
esac
