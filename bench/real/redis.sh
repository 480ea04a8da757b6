#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# redis.sh small|lists COUNT: redis-server under the allocator of BENCH_PRELOAD,
# with COUNT requests of redis-benchmark, which runs on the C library's. Prints
# what is in the server then. Debian's server is linked to jemalloc: the C
# library itself has to be preloaded where its malloc is meant.
#
# Requests go in packets of 16 over 20 connections, and a number that is no
# multiple of that is exceeded. Keys are random, but so few that all come.

set -u
kind=$1 count=$(($2 / 3200 * 3200))
folder=$(mktemp -d) || exit 3
socket=$folder/socket
trap 'kill $server 2>/dev/null; wait $server; rm -rf "$folder"' EXIT

LD_PRELOAD=$BENCH_PRELOAD redis-server --port 0 --unixsocket "$socket" \
	--save "" --appendonly no --loglevel warning --dir "$folder" \
	</dev/null >"$folder/log" 2>&1 &
server=$!
until [ -S "$socket" ] && redis-cli -s "$socket" ping >/dev/null 2>&1; do
	kill -0 $server 2>/dev/null || { cat "$folder/log" >&2; exit 3; }
	sleep 0.01
done

load() {
	redis-benchmark -s "$socket" -q -P 16 -c 20 "$@" >"$folder/said" 2>&1 &&
		! grep -qi error "$folder/said" && return
	cat "$folder/said" >&2
	exit 3
}

case $kind in
small)
	keys=$((count / 20))
	load -n "$count" -r $keys -d 100 -t set
	load -n "$count" -r $keys -t get
	load -n "$count" -r $keys -t incr,sadd,hset,zadd
	echo "keys $(redis-cli -s "$socket" dbsize)"
	;;
lists)
	load -n "$count" -d 1000 -t lpush
	load -n "$((count / 100))" lrange mylist 0 99
	load -n "$((count / 2))" -t rpop
	load -n "$count" rpush others a bb ccc dddd eeeee ffffff
	load -n "$count" lpop others 3
	echo "long $(redis-cli -s "$socket" llen mylist)"
	echo "others $(redis-cli -s "$socket" llen others)"
	;;
esac
