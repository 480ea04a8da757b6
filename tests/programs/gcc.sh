#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# gcc compiles a large generated C file; the object must be the same.

source "$(dirname "$0")/lib.bash"
begin 6 gcc awk

awk 'BEGIN {
	print "#include <stdlib.h>\n#include <string.h>"
	for (i = 0; i < 500; i++) {
		printf "struct s%d { int a[%d]; double d; ", i, i % 13 + 1
		printf "struct s%d *next; char name[%d]; };\n", i, i % 29 + 3
		printf "static int key%d(const struct s%d *p, int n)\n{\n", i, i
		printf "\tint i, sum = %d;\n", i
		printf "\tfor (i = 0; i < n; i++) {\n"
		printf "\t\tsum += p->a[i %% %d] * %d;\n", i % 13 + 1, i * 7 + 1
		printf "\t\tswitch (sum & 7) {\n"
		for (j = 0; j < 8; j++)
			printf "\t\tcase %d: sum ^= i << %d; break;\n", j, j
		printf "\t\t}\n\t}\n\treturn sum;\n}\n"
		printf "int f%d(int n, const char *text)\n{\n", i
		printf "\tstruct s%d *p = calloc(1, sizeof(*p));\n\tint r;\n", i
		printf "\tif (!p)\n\t\treturn -1;\n"
		printf "\tstrncpy(p->name, text, sizeof(p->name) - 1);\n"
		printf "\tp->d = n * %d.5;\n", i
		printf "\tr = key%d(p, n) + (int)p->d + p->name[0];\n", i
		printf "\tfree(p);\n\treturn r%s;\n}\n", \
			i ? " + f" (i - 1) "(n - 1, text)" : ""
	}
}' >"$tmp/large.c"

both gcc -O2 -c "$tmp/large.c" -o large.o
same "the same object" "$tmp/plain/large.o" "$tmp/preload/large.o"
served cc1 as
finish
