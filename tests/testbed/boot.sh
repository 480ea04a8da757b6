#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The smallest guest, in each way to make the heap; what is said where a tool, a
# package or an image is missing; as TAP.

set -u
source "$(dirname "$0")/lib.bash"

folder=$(mktemp -d)
trap 'rm -rf "$console" "$folder"' EXIT

case $arch in
x86_64)	qemu=qemu-system-x86_64 package=qemu-system-x86 compiler=gcc ;;
arm64)	qemu=qemu-system-aarch64 package=qemu-system-arm
	compiler=gcc-aarch64-linux-gnu ;;
esac

for mode in static paging vmem; do
	for flavour in single thread; do
		boots "hello, $flavour heaps, $mode" "$flavour" hello \
			--mode $mode --parameter junk=all
	done
	guest thread hello --mode $mode --alloc buddy --memory 4
	gave "hello on the buddy, 4 MiB, $mode" $? 0 '^SUCCESS$'
done
for cpus in 1 2 3 4; do
	guest smp hello --cpus $cpus --parameter log=3
	gave "CPUs are found: $cpus" $? 0 "^Info: CPUs: $cpus of $cpus$"
done
for mode in static paging; do
	boots "hello on four CPUs, $mode" smp hello --mode $mode --cpus 4 \
		--parameter junk=all
	boots "and at once, $mode" smp hello --mode $mode --cpus 4 --parallel
done
guest single hello --mode vmem -- one two
gave "arguments arrive" $? 0 "testbed, 2 arguments, 0.333, year 20[2-9][0-9]"

# said NAME STATUS TEXT COMMAND... : what a command says and gives
said()
{
	local name=$1 expected=$2 text=$3
	shift 3
	"$@" >"$console" 2>&1
	gave "$name" $? "$expected" "$text"
}

python=$(python3 -c 'import sys; print(sys.executable)')
said "QEMU is missing: its package is named" 2 \
	"$qemu is missing: install the package $package\$" \
	env PATH="$folder" "$python" ./run.py boot hello --build "$images/single"
said "the compiler is missing: its package is named" 2 \
	"nosuch is missing: install the package $compiler\. " \
	make ARCH="$arch" CC=nosuch print-flags
said "no such architecture: those that there are" 2 \
	"ARCH=nosuch: has to be one of arm64 x86_64\. " \
	make ARCH=nosuch print-flags
said "no images: how to make them" 1 \
	"^Bail out! no images in $folder/none: make testbed-images ARCH=$arch" \
	env TESTBED_IMAGES="$folder/none" ../tests/testbed/boot.sh
printf '\177ELF' | cat - /dev/zero | head -c 100 >"$folder/hello.elf"
said "an image for another machine" 2 "for none of the machines" \
	./run.py boot hello --build "$folder"

if command -v apt-get >/dev/null; then
	said "musl is not to be had: what to do is said" 1 \
		"^Without a network: unpack .* into $folder/musl by dpkg-deb" \
		env http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 \
		./fetch-musl.sh arm64 "$folder/musl"
	if [ -z "$(ls -A "$folder/musl")" ]; then
		ok "and nothing is left behind"
	else
		not_ok "and nothing is left behind"
	fi
else
	ok "musl is not to be had # SKIP no apt-get, so none ever is"
fi
finish
