# SPDX-License-Identifier: BSD-3-Clause
# What the image is compiled and linked with for this architecture.

ARCH_PREFIX = aarch64-linux-gnu-
ARCH_PACKAGE = gcc-aarch64-linux-gnu
# No calls into libgcc for atomic operations, as in Unikraft
ARCH_FLAGS = -march=armv8-a -mno-outline-atomics
ARCH_KERNEL_FLAGS =
# Where the image lies, and is loaded to: QEMU puts the device tree below it
IMAGE_START = 0x40100000

# Debian has musl for this architecture only as a package of another one, so it
# is fetched where it is not installed
MUSL ?= $(if $(wildcard /usr/lib/aarch64-linux-musl/libc.a),,musl-arm64)
MUSL_INCLUDE ?= $(MUSL)/usr/include/aarch64-linux-musl
MUSL_LIBRARY ?= $(MUSL)/usr/lib/aarch64-linux-musl
