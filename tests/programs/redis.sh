#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# redis-server on a free port of 127.0.0.1: a fixed load whose digest must be
# the same with and without the library, a background save (a fork of a busy
# server), then redis-benchmark with a bounded count, an asynchronous flush
# (blocks freed by another thread) and an orderly end.

source "$(dirname "$0")/lib.bash"
begin 14 redis-server redis-cli redis-benchmark redis-check-rdb perl

free_port() {
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1,
		LocalAddr => "127.0.0.1", LocalPort => 0)->sockport'
}

cli() {
	timeout 20 redis-cli -h 127.0.0.1 -p "$port" "$@"
}

# Waits until our server, no other one, answers; at most five seconds.
answers() {
	local try
	for try in {1..100}; do
		cli info server >"$tmp/server" 2>/dev/null
		grep -q "^process_id:${server}[^0-9]" "$tmp/server" && return 0
		kill -0 "$server" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

# start_server DIRECTORY [WRAPPER...]: sets server and port. Another program may
# take the port that was free a moment ago, hence the tries.
start_server() {
	local try directory=$1
	shift
	for try in 1 2 3 4 5; do
		port=$(free_port)
		"$@" redis-server --bind 127.0.0.1 --port "$port" --save '' \
			--appendonly no --daemonize no --dir "$directory" \
			--enable-debug-command local --io-threads 2 \
			>"$directory/log" 2>&1 &
		server=$!
		processes+=("$server")
		answers && return 0
		kill -KILL "$server" 2>/dev/null
		wait "$server"
	done
	comment "$directory/log"
	bail "no redis-server came up"
}

load() {
	awk 'BEGIN {
		for (i = 0; i < 20000; i++) {
			k = i * 7919 % 5003
			print "SET s" k, sprintf("%0" (i % 700 + 1) "d", i)
			print "APPEND s" (k + 1), "tail" i
			print "HSET h" (k % 97), "f" i, i * 3
			print "RPUSH l" (k % 31), "e" i
			print "ZADD z" (k % 17), i % 1009, "m" i
			print "SADD t" (k % 11), "x" i
			if (i % 3 == 0)
				print "DEL s" (k * 3 % 5003)
			if (i % 5 == 0)
				print "LPOP l" (k % 31)
		}
	}' | cli --pipe
}

# The background save has ended, and ended well.
saved() {
	local try
	cli bgsave
	for try in {1..100}; do
		cli info persistence >"$tmp/persistence"
		grep -q '^rdb_bgsave_in_progress:0' "$tmp/persistence" && break
		sleep 0.1
	done
	cat "$tmp/persistence"
	grep -q '^rdb_last_bgsave_status:ok' "$tmp/persistence" &&
		redis-check-rdb "$tmp/preload/dump.rdb"
}

stop_server() {
	local status
	cli shutdown nosave
	wait "$server"
	status=$?
	processes=()
	echo "exit status $status"
	return $status
}

start_server "$tmp/plain"
load >"$tmp/plain.load" 2>&1
cli debug digest >"$tmp/plain.digest"
stop_server >/dev/null

start_server "$tmp/preload" "${preload[@]}"
point 0 "the server comes up with the library preloaded"
check "the library is in its map" grep -F " $MIMALLOC_SO" "/proc/$server/maps"
load >"$tmp/preload.load" 2>&1
cli debug digest >"$tmp/preload.digest"
check "the load was taken" grep -q 'errors: 0, replies: [1-9]' \
	"$tmp/preload.load"
same "the same load" "$tmp/plain.load" "$tmp/preload.load"
check "a digest" grep -qE '^[0-9a-f]{40}$' "$tmp/preload.digest"
same "the same digest" "$tmp/plain.digest" "$tmp/preload.digest"
check "a background save, read back" saved

preloaded redis-benchmark -h 127.0.0.1 -p "$port" -n 10000 -c 20 -P 8 \
	-r 10000 -d 100 --threads 2 --csv -t set,get,incr,lpush,rpush,lpop,\
sadd,hset,spop,zadd,zpopmin,lrange_100,mset >"$tmp/benchmark" 2>&1
point $? "redis-benchmark exits with 0"
check "redis-benchmark did all its tests" \
	test "$(grep -cE '^"[A-Z].*","[0-9.]+"' "$tmp/benchmark")" -ge 13
check "an asynchronous flush" test "$(cli flushall async)" = OK
check "the server is empty and answers" test "$(cli dbsize)" = 0
check "the server ends in order" stop_server
[ "$failures" -eq 0 ] || tail -n 20 "$tmp/preload/log" | sed 's/^/# /'
served redis-server redis-benchmark
finish
