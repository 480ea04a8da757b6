-- SPDX-License-Identifier: BSD-3-Clause
-- Binary trees, strings and tables, N of each; N is the script's argument.
-- Also runs outside of the testbed: "lua5.4 bench.lua 1000" prints the same
-- lines "result NAME VALUE".

local n = ...
n = math.tointeger(tonumber(n)) or 1000

-- The testbed's functions, or nothing in their place
local progress = progress or function() end	-- part, done, whole
local instructions = instructions or function() return 0 end
local memory = memory or function() end		-- when

local function figure(name, begin, count)
	if instructions() > 0 then
		local each = (instructions() - begin) // count
		print(("%s_instructions_each %d"):format(name, each))
	end
end

local function tree(depth)
	if depth == 0 then
		return {}
	end
	return { tree(depth - 1), tree(depth - 1) }
end

local function nodes(of)
	return of[1] and 1 + nodes(of[1]) + nodes(of[2]) or 1
end

-- A tree of about N nodes is held; trees of all smaller depths come and go,
-- about 2 N nodes of each depth.
local function trees()
	local deepest = 1
	while 2 << deepest < n do
		deepest = deepest + 1
	end
	local begin, held, made = instructions(), tree(deepest), 2 << deepest
	local passed, whole, sum = 0, deepest * 1000, 0
	for depth = 1, deepest do
		local count = 1 << (deepest - depth)
		for i = 1, count do
			sum = sum + nodes(tree(depth))
			passed = (depth - 1) * 1000 + i * 1000 // count
			progress("trees", passed, whole)
		end
		made = made + count * (2 << depth)
	end
	figure("trees", begin, made)
	memory("with_tree")
	print("result trees", sum, nodes(held))
end

-- Texts of many lengths, put together and taken apart
local function strings()
	local begin, seen, kept, bytes = instructions(), {}, {}, 0
	for i = 1, n do
		local word = "w" .. i * 7919 % (n // 4 + 1)
		seen[word] = (seen[word] or 0) + 1
		local text = word:upper() .. ("-"):rep(i % 40) .. i
		kept[i % (n // 2 + 1)] = text:gsub("-+", " is number ")
		bytes = bytes + #text
		progress("strings", i, n)
	end
	local all = table.concat(kept, "\n")
	local words, different = 0, 0
	for _ in all:gmatch("%a+") do
		words = words + 1
	end
	for _ in pairs(seen) do
		different = different + 1
	end
	figure("strings", begin, n)
	print("result strings", bytes, #all, words, different)
end

-- Records in a table that grows, is sorted, and loses each second one; and a
-- queue that is as long as a tenth of them
local function tables()
	local begin, all, by_name, queue = instructions(), {}, {}, {}
	local first, last, random = 1, 0, 42
	for i = 1, n do
		random = (random * 1103515245 + 12345) % 2147483648
		local record = { id = i, key = random, tags = { i % 7, i % 11 } }
		all[#all + 1] = record
		by_name["record " .. i] = record
		last = last + 1
		queue[last] = record
		if last - first > n // 10 then
			queue[first], first = nil, first + 1
		end
		progress("tables", i, n)
	end
	table.sort(all, function(a, b) return a.key < b.key end)
	local sum = 0
	for i = 1, n, 2 do
		sum = (sum * 31 + all[i].id + all[i].tags[2]) % 1000000007
		by_name["record " .. all[i].id] = nil
	end
	local left = 0
	for _, record in pairs(by_name) do
		left = left + record.id
	end
	figure("tables", begin, n)
	print("result tables", sum, left, last - first)
end

trees()
strings()
tables()
