#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# g++ compiles and links a program of templates; the program must be the same
# file and print the same, itself preloaded too.

source "$(dirname "$0")/lib.bash"
begin 9 g++ awk

awk 'BEGIN {
	print "#include <algorithm>\n#include <functional>\n#include <iostream>"
	print "#include <map>\n#include <regex>\n#include <string>"
	print "#include <tuple>\n#include <unordered_map>\n#include <vector>"
	print "template <unsigned N> struct fib {"
	print "\tstatic constexpr unsigned long value ="
	print "\t\tfib<N - 1>::value + fib<N - 2>::value;\n};"
	print "template <> struct fib<1> { static constexpr unsigned long"
	print "\tvalue = 1; };"
	print "template <> struct fib<0> { static constexpr unsigned long"
	print "\tvalue = 0; };"
	print "template <int I> struct tag { int key = I; std::string name ="
	print "\tstd::to_string(I);"
	print "\tbool operator<(const tag &o) const { return key < o.key; } };"
	print "template <int I> unsigned long use()\n{"
	print "\tstd::map<std::string, std::vector<tag<I>>> m;"
	print "\tfor (int i = 0; i < I; i++)"
	print "\t\tm[std::to_string(i % 7)].push_back(tag<I>());"
	print "\tstd::function<unsigned long(int)> f = [&](int n) {"
	print "\t\treturn m[std::to_string(n)].size() + fib<I>::value; };"
	print "\tstd::tuple<int, tag<I>, std::string> t(I, {}, \"x\");"
	print "\treturn f(3) + std::get<0>(t);\n}"
	print "int main()\n{\n\tunsigned long sum = 0;"
	for (i = 2; i < 26; i++)
		printf "\tsum += use<%d>();\n", i
	print "\tstd::smatch m;"
	print "\tstd::string s = \"block 4711 freed\";"
	print "\tif (std::regex_search(s, m, std::regex(\"([0-9]+)\")))"
	print "\t\tstd::cout << m[1] << \" \";"
	print "\tstd::cout << sum << \"\\n\";\n}"
}' >"$tmp/templates.cpp"

both g++ -std=c++17 -O1 "$tmp/templates.cpp" -o templates
same "the same program" "$tmp/plain/templates" "$tmp/preload/templates"
served cc1plus ld

chmod +x "$tmp"/p*/templates
"$tmp/plain/templates" >"$tmp/plain.out"
preloaded "$tmp/preload/templates" >"$tmp/preload.out"
check "the program runs preloaded and finds its number" \
	grep -q "^4711 " "$tmp/preload.out"
same "and prints the same" "$tmp/plain.out" "$tmp/preload.out"
served templates
finish
