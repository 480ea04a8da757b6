# SPDX-License-Identifier: BSD-3-Clause
# What the image is compiled and linked with for this architecture.

ARCH_PREFIX =
ARCH_PACKAGE = gcc
ARCH_FLAGS = -m64 -fcf-protection=none
ARCH_KERNEL_FLAGS = -mno-red-zone
# Where the image lies, and is loaded to
IMAGE_START = 0x100000

MUSL_INCLUDE ?= /usr/include/x86_64-linux-musl
MUSL_LIBRARY ?= /usr/lib/x86_64-linux-musl
