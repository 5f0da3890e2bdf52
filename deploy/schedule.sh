#!/bin/sh
# Backup and cleanup once a day, where there is neither cron nor systemd: in a container.
#
#   sh deploy/schedule.sh [HH:MM]    every day at that time, UTC (default 03:10)
#   sh deploy/schedule.sh --once     now, and end; exit code 1 if something failed
#
# On Sundays the new backup is proved too. What fails is said, and tried again the next day.
set -u
folder=${BACKUP_FOLDER:-/backups}

prove() {
    newest=$(ls "$folder"/chat-backup-* | tail -n 1)
    python manage.py backup --verify "$newest"
}

run() {
    failed=0
    python manage.py backup --output "$folder" --keep 14 || failed=1
    if [ "$failed" = 0 ] && [ "$(date -u +%u)" = 7 ]; then prove || failed=1; fi
    python manage.py cleanup || failed=1
    return "$failed"
}

if [ "${1:-}" = "--once" ]; then
    run
    exit
fi

trap 'exit 0' TERM INT
while :; do
    now=$(date -u +%s)
    next=$(date -u -d "${1:-03:10}" +%s) || exit 2
    [ "$next" -gt "$now" ] || next=$((next + 86400))
    sleep $((next - now)) &
    wait $!
    run || echo "The nightly work did not succeed; see above." >&2
done
