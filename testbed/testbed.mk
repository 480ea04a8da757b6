# SPDX-License-Identifier: BSD-3-Clause
#
# The unikernel of testbed/, with the allocator of this tree in it.

TESTBED_BUILD	:= $(BUILD)/testbed
TESTBED_CC	?= gcc
TESTBED_DEBUG	?= 0
TESTBED_DEFINES	?=

# The files that Makefile.uk names, so that neither list can fall behind
UNIKRAFT_SRCS	:= $(shell sed -n \
	's|^LIBMIMALLOC_SRCS.*(LIBMIMALLOC_BASE)/\(.*\.c\)$$|\1|p' Makefile.uk)
UNIKRAFT_HEADERS := $(wildcard include/uk/*.h src/*.h src/arch/*.h \
		   port/unikraft/*.h testbed/include/*/*.h)
UNIKRAFT_FLAGS	= $(shell $(MAKE) -s --no-print-directory -C testbed \
		  CC=$(TESTBED_CC) DEFINES="$(TESTBED_DEFINES)" print-flags)

# $(1): single or thread, $(2): MI_THREADS
define testbed_flavour
TESTBED_OBJS_$(1) := $$(UNIKRAFT_SRCS:%.c=$$(TESTBED_BUILD)/objects-$(1)/%.o)

$$(TESTBED_BUILD)/objects-$(1)/%.o: %.c $$(UNIKRAFT_HEADERS) Makefile.uk \
		testbed/testbed.mk
	@mkdir -p $$(@D)
	cd testbed && $$(TESTBED_CC) $$(UNIKRAFT_FLAGS) \
		-Wall -Wextra -Wconversion -Werror -fno-strict-aliasing \
		-I../include -I../src -I../port/unikraft \
		-DMI_CONCURRENT=0 -DMI_THREADS=$(2) -DMI_CLASS_STATS=0 \
		-DMI_DEBUG=$$(TESTBED_DEBUG) \
		-DUK_LIBPARAM_LIBPREFIX=mimalloc \
		-c -o $$(abspath $$@) ../$$<

# As Unikraft links a library: one object, in which only the names of
# exportsyms.uk are visible
$$(TESTBED_BUILD)/mimalloc-$(1).o: $$(TESTBED_OBJS_$(1)) exportsyms.uk
	$$(LD) -r -o $$@ $$(TESTBED_OBJS_$(1))
	$$(OBJCOPY) --keep-global-symbols=exportsyms.uk $$@

.PHONY: testbed-$(1)
testbed-$(1): $$(TESTBED_BUILD)/mimalloc-$(1).o
	$$(MAKE) --no-print-directory -C testbed CC=$$(TESTBED_CC) \
		DEFINES="$$(TESTBED_DEFINES)" \
		BUILD=$$(abspath $$(TESTBED_BUILD))/$(1) \
		MIMALLOC_OBJS=$$(abspath $$<) \
		$$(if $$(TESTBED_APPS),APPS="$$(TESTBED_APPS)")
endef

$(eval $(call testbed_flavour,single,0))
$(eval $(call testbed_flavour,thread,1))
