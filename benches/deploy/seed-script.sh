#!/bin/bash
# The baseline: the 2011 post's script (1 master + 4 slaves), ported with the fewest changes to PostgreSQL 15 to 18. Its
# five seconds of sleeps are kept; its "killall postgres" is not: it stops what it started itself, by pid file.
#   BASE=/empty/folder PGBIN=/folder/of/programs PORTS="m s1 s2 s11 s12" seed-script.sh prepare | run | wait | stop
# `run` is the post's work. It ends before any slave is ready: `wait` ends when the post's two tables are shown.
set -u
base=${BASE:?} bin=${PGBIN:?}
read -r m s1 s2 s11 s12 <<<"${PORTS:?}"
port_of() { case $1 in slave1) echo "$s1" ;; slave2) echo "$s2" ;; slave11) echo "$s11" ;; slave12) echo "$s12" ;; *) echo "$m" ;; esac; }
upstream_of() { case $1 in slave1 | slave2) echo "$m" ;; *) echo "$s1" ;; esac; }
slaves="slave1 slave2 slave11 slave12"
PGUSER=$(id -un)
export PGHOST=$base PGUSER LC_ALL=C

stop() {
  for name in $slaves master; do
    [ ! -f "$base/$name/postmaster.pid" ] || kill -QUIT "$(head -1 "$base/$name/postmaster.pid")" 2>/dev/null
  done
}

case ${1:?} in
prepare)
  mkdir -p "$base/config"
  printf '%s\n' "unix_socket_directories = '$base'" "port = $m" "wal_level = replica" "archive_mode = on" \
    "archive_command = 'cp -i %p $base/archive/%f'" "max_wal_senders = 10" >"$base/config/postgresql.conf.master"
  printf '%s\n' "local all all trust" "host all all 127.0.0.1/32 trust" "host all all ::1/128 trust" "local replication all trust" \
    "host replication all 127.0.0.1/32 trust" "host replication all ::1/128 trust" >"$base/config/pg_hba.conf.master"
  for name in $slaves; do
    printf '%s\n' "unix_socket_directories = '$base'" "hot_standby = on" "port = $(port_of "$name")" \
      "primary_conninfo = 'host=localhost port=$(upstream_of "$name") application_name=$name'" \
      "restore_command = 'cp -i $base/archive/%f %p'" >"$base/config/postgresql.conf.$name"
  done
  ;;
run)
  for name in master $slaves archive; do mkdir "$base/$name"; done
  sleep 1
  # Initialize master
  "$bin/initdb" -D "$base/master" >"$base/initdb.log" 2>&1
  cp "$base/config/postgresql.conf.master" "$base/master/postgresql.conf"
  cp "$base/config/pg_hba.conf.master" "$base/master/pg_hba.conf"
  "$bin/postgres" -D "$base/master" >"$base/master.log" 2>&1 </dev/null &
  sleep 2
  # Initialize slaves: one base backup for all four
  "$bin/psql" -p "$m" -X -q -At postgres >"$base/label" <<SQL
\o /dev/null
select pg_backup_start('backup');
\! cp -pr $base/master/* $base/slave1/
\! cp -pr $base/master/* $base/slave2/
\! cp -pr $base/master/* $base/slave11/
\! cp -pr $base/master/* $base/slave12/
\o
select labelfile from pg_backup_stop();
SQL
  for name in $slaves; do cp "$base/label" "$base/$name/backup_label"; done
  sleep 1
  # Setup synchronous commit mode on master
  echo "synchronous_standby_names = 'slave1,slave2'" >>"$base/master/postgresql.conf"
  "$bin/pg_ctl" reload -D "$base/master" >/dev/null
  sleep 1
  for name in $slaves; do
    cp "$base/config/postgresql.conf.$name" "$base/$name/postgresql.conf"
    touch "$base/$name/standby.signal"
    rm -f "$base/$name/postmaster.pid"
    rm -rf "${base:?}/$name/pg_wal/"*
    chmod 700 "$base/$name"
    "$bin/postgres" -D "$base/$name" >"$base/$name.log" 2>&1 </dev/null &
  done
  ;;
wait)
  rows="select application_name||'|'||state||'|'||sync_priority||'|'||sync_state from pg_stat_replication order by 1"
  at_master=$'slave1|streaming|1|sync\nslave2|streaming|2|potential'
  at_slave1=$'slave11|streaming|0|async\nslave12|streaming|0|async'
  end=$((SECONDS + 120))
  while [ $SECONDS -lt $end ]; do
    seen=$("$bin/psql" -p "$m" -X -At postgres -c "$rows" 2>/dev/null)
    below=$("$bin/psql" -p "$s1" -X -At postgres -c "$rows" 2>/dev/null)
    [ "$seen" != "$at_master" ] || [ "$below" != "$at_slave1" ] || exit 0
    sleep 0.05
  done
  printf 'not reached: master:\n%s\nslave1:\n%s\n' "$seen" "$below" >&2
  exit 1
  ;;
stop) stop ;;
esac
