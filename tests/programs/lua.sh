#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# lua5.4: tables that grow and shrink, strings, closures, coroutines, and both
# of its collectors. All of Lua's memory goes through realloc and free.

source "$(dirname "$0")/lib.bash"
begin 5 lua5.4

cat >"$tmp/work.lua" <<'END'
local function checksum(s)
	local h = 5381
	for i = 1, #s do
		h = (h * 33 + s:byte(i)) & 0xffffffff
	end
	return h
end

local function strings(n)
	local parts = {}
	for i = 1, n do
		parts[#parts + 1] = string.format("%d:%s", i,
			string.rep(string.char(97 + i % 26), i % 60))
	end
	local s = table.concat(parts, ",")
	return checksum(s) + checksum((s:gsub("(%d+):", "<%1>")))
end

local function tables(n)
	local t, sum = {}, 0
	for i = 1, n do
		t[i * 7919 % 1000003] = { i, tostring(i) }
	end
	for i = 1, n, 2 do
		t[i * 7919 % 1000003] = nil
	end
	for key, value in pairs(t) do
		sum = sum + key * #value[2] + value[1]
	end
	return sum
end

local function tree(depth)
	if depth == 0 then
		return {}
	end
	return { tree(depth - 1), tree(depth - 1) }
end

local function count(node)
	if not node[1] then
		return 1
	end
	return count(node[1]) + count(node[2])
end

local function coroutines(n)
	local sum = 0
	for i = 1, n do
		local co = coroutine.wrap(function(a)
			for k = 1, 10 do
				a = a + coroutine.yield(a * k)
			end
			return a
		end)
		for k = 1, 5 do
			sum = sum + co(k)
		end
	end
	return sum
end

for _, mode in ipairs({ "incremental", "generational" }) do
	collectgarbage(mode)
	print(mode, "strings", strings(40000))
	print(mode, "tables", tables(200000))
	local total = 0
	for i = 1, 8 do
		total = total + count(tree(14))
	end
	print(mode, "trees", total)
	print(mode, "coroutines", coroutines(30000))
	collectgarbage()
end
print("end of work")
END

both lua5.4 "$tmp/work.lua"
check "the work came to its end" grep -qx 'end of work' "$tmp/preload.out"
served lua5.4
finish
