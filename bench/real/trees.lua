-- SPDX-License-Identifier: BSD-3-Clause
-- trees.lua COUNT: binary trees that come and go beside one that stays, tables
-- with names for keys, and strings that are joined.

local count = tonumber(arg[1])

local function tree(depth)
	if depth == 0 then
		return {}
	end
	return {tree(depth - 1), tree(depth - 1)}
end

local function nodes(t)
	return 1 + (t[1] and nodes(t[1]) + nodes(t[2]) or 0)
end

local long_lived, total = tree(15), 0
for turn = 1, count do
	for depth = 4, 12, 2 do
		total = total + nodes(tree(depth))
	end
	local names, pieces = {}, {}
	for i = 1, 3000 do
		names["name " .. i * turn % 7919] = {i, turn}
		pieces[#pieces + 1] = string.rep(string.char(65 + i % 26), i % 50)
	end
	local text = table.concat(pieces, ",")
	for word in text:gmatch("A+") do
		total = total + #word
	end
	for _, pair in pairs(names) do
		total = total + pair[1] % 3
	end
	total = total + #text:gsub("B", "bb")
end
print(total + nodes(long_lived))
