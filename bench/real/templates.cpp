/* SPDX-License-Identifier: BSD-3-Clause */
/* Templates of the standard library, for COUNT types of one's own. */
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

template <int N> struct key {
	int value;
	bool operator<(const key &other) const { return value < other.value; }
};

template <int N> std::size_t use(const std::vector<int> &numbers)
{
	std::map<key<N>, std::string> names;
	std::unordered_map<std::string, std::vector<key<N>>> lists;
	std::variant<int, std::string, key<N>> any;
	std::function<std::size_t(key<N>)> length = [&](key<N> k) {
		return names[k].size();
	};
	std::vector<std::tuple<key<N>, std::unique_ptr<std::string>>> all;

	for (int number : numbers) {
		key<N> k{number % (N + 1)};

		names[k] += std::to_string(number);
		lists[names[k]].push_back(k);
		all.emplace_back(k, std::make_unique<std::string>(names[k]));
		any = k;
	}
	std::sort(all.begin(), all.end(), [](const auto &a, const auto &b) {
		return *std::get<1>(a) < *std::get<1>(b);
	});
	return lists.size() + all.size() + any.index() + length(key<N>{0});
}

template <int... N>
std::size_t use_all(const std::vector<int> &numbers,
		    std::integer_sequence<int, N...>)
{
	return (use<N>(numbers) + ... + 0);
}

std::size_t entry(const std::vector<int> &numbers)
{
	return use_all(numbers, std::make_integer_sequence<int, COUNT>());
}
