# SPDX-License-Identifier: BSD-3-Clause
#
# The unikernel of testbed/, with the allocator of this tree in it.

TESTBED_BUILD	:= $(BUILD)/testbed
# A path as testbed/ sees it. Relative, so that the tree's own may hold spaces
from_testbed	= $(foreach path,$(1),$(if $(filter /%,$(path)),,../)$(path))
TESTBED_CC	?= gcc
TESTBED_DEBUG	?= 0
TESTBED_HARDENING ?= 1
TESTBED_DEFINES	?=

# The files that Makefile.uk names, so that neither list can fall behind
UNIKRAFT_FILES	:= $(shell sed -n \
	's|^LIBMIMALLOC_SRCS.*(LIBMIMALLOC_BASE)/\(.*\.c\)$$|\1|p' Makefile.uk)
# Unikraft puts all objects of a library into one folder, by their base names
ifneq ($(words $(UNIKRAFT_FILES)),$(words $(sort $(notdir $(UNIKRAFT_FILES)))))
$(error Makefile.uk: two files of one base name)
endif
UNIKRAFT_SRCS	:= $(filter-out tests/%,$(UNIKRAFT_FILES))
UNIKRAFT_TESTS	:= $(filter tests/%,$(UNIKRAFT_FILES))
ifneq ($(sort $(UNIKRAFT_TESTS)),$(sort $(wildcard tests/test_*.c)))
$(error Makefile.uk: does not name all of tests/test_*.c)
endif
UNIKRAFT_HEADERS := $(wildcard include/uk/*.h src/*.h src/arch/*.h \
		   port/unikraft/*.h tests/*.h testbed/include/*/*.h)
UNIKRAFT_FLAGS	= $(shell $(MAKE) -s --no-print-directory -C testbed \
		  CC=$(TESTBED_CC) DEFINES="$(TESTBED_DEFINES)" print-flags)

# $(1): the flavour, $(2): MI_THREADS, $(3): further definitions, for all
define testbed_flavour
TESTBED_OBJS_$(1) := $$(UNIKRAFT_SRCS:%.c=$$(TESTBED_BUILD)/objects-$(1)/%.o)
TESTBED_UNIT_$(1) := $$(UNIKRAFT_TESTS:%.c=$$(TESTBED_BUILD)/objects-$(1)/%.o)

$$(TESTBED_BUILD)/objects-$(1)/%.o: %.c $$(UNIKRAFT_HEADERS) Makefile.uk \
		testbed/testbed.mk
	@mkdir -p $$(@D)
	@echo "  CC      $$@"
	$$(Q)cd testbed && $$(TESTBED_CC) $$(UNIKRAFT_FLAGS) \
		-Wall -Wextra -Wconversion -Werror -fno-strict-aliasing \
		-I../include -I../src -I../port/unikraft \
		-DMI_CONCURRENT=0 -DMI_THREADS=$(2) -DMI_CLASS_STATS=0 \
		-DMI_DEBUG=$$(TESTBED_DEBUG) \
		-DMI_HARDENING=$$(TESTBED_HARDENING) \
		-DUK_LIBPARAM_LIBPREFIX=mimalloc $(3) \
		-c -o $$(call from_testbed,$$@) ../$$<

# As Unikraft links a library: one object, in which only the names of
# exportsyms.uk are visible
$$(TESTBED_BUILD)/mimalloc-$(1).o: $$(TESTBED_OBJS_$(1)) exportsyms.uk
	@echo "  LD      $$@"
	$$(Q)$$(LD) -r -o $$@ $$(TESTBED_OBJS_$(1))
	$$(Q)$$(OBJCOPY) --keep-global-symbols=exportsyms.uk $$@

.PHONY: testbed-$(1)
testbed-$(1): $$(TESTBED_BUILD)/mimalloc-$(1).o $$(TESTBED_UNIT_$(1))
	$$(Q)$$(MAKE) --no-print-directory -C testbed CC=$$(TESTBED_CC) \
		DEFINES="$$(TESTBED_DEFINES) $(3)" \
		BUILD=$$(call from_testbed,$$(TESTBED_BUILD))/$(1) \
		MIMALLOC_OBJS=$$(call from_testbed,$$<) \
		UKTEST_OBJS="$$(call from_testbed,$$(TESTBED_UNIT_$(1)))" \
		$$(if $$(TESTBED_APPS),APPS="$$(TESTBED_APPS)")
endef

$(eval $(call testbed_flavour,single,0))
$(eval $(call testbed_flavour,thread,1))
$(eval $(call testbed_flavour,stats,1,-DCONFIG_LIBUKALLOC_IFSTATS=1 \
	-DCONFIG_LIBUKDEBUG_ENABLE_ASSERT=1))

# make run, make shell: MODE=static|paging|vmem MEMORY=MiB ROWS= HEAPS=single|
# thread ALLOC=mimalloc|buddy|bump (for run: one or more, with commas between)
MODE		?= static
MEMORY		?= 64
ROWS		?= 10000
HEAPS		?= single
ALLOC		?=
RUN_ALLOCS	:= buddy,mimalloc

TESTBED_RUN	= cd testbed && ./run.py
TESTBED_OPTIONS	= --build $(call from_testbed,$(TESTBED_BUILD))/$(HEAPS) \
		  --mode $(MODE) --memory $(MEMORY)

.PHONY: testbed-packages
testbed-packages:
	@tests/install-packages testbed/packages.txt

.PHONY: testbed-heaps
testbed-heaps:
	@case "$(HEAPS)" in single|thread) ;; *) \
		echo "HEAPS=$(HEAPS): single or thread" >&2; exit 2;; esac

.PHONY: run
run: testbed-heaps testbed-packages
	@$(MAKE) --no-print-directory testbed-$(HEAPS) \
		TESTBED_APPS=sqlite_bench
	@$(TESTBED_RUN) compare $(TESTBED_OPTIONS) \
		--allocs $(or $(ALLOC),$(RUN_ALLOCS)) -- $(ROWS)

.PHONY: shell
shell: testbed-heaps testbed-packages
	@$(MAKE) --no-print-directory testbed-$(HEAPS) \
		TESTBED_APPS=sqlite_shell
	@$(TESTBED_RUN) shell $(TESTBED_OPTIONS) \
		--alloc $(or $(ALLOC),mimalloc)

# The least memory in which SQLite inserts 1,000 rows
.PHONY: smallest
smallest: testbed-heaps testbed-packages
	@$(MAKE) --no-print-directory testbed-$(HEAPS) \
		TESTBED_APPS=sqlite_bench
	@for alloc in $(or $(ALLOC),buddy mimalloc); do \
		(cd testbed && ./run.py smallest sqlite_bench \
			$(TESTBED_OPTIONS) --alloc $$alloc -- 1000 insert) || \
			exit; \
	done

TESTBED_TESTS	= tests/testbed/conformance.sh tests/testbed/figures.sh \
		  tests/testbed/sqlite.sh tests/testbed/uktest.sh

.PHONY: testbed-images
testbed-images: testbed-packages
	$(Q)$(MAKE) --no-print-directory testbed-single testbed-thread \
		TESTBED_APPS="hello conformance alloc_bench misbehave uktest"
	$(Q)$(MAKE) --no-print-directory testbed-stats \
		TESTBED_APPS="misbehave uktest"
	-$(Q)$(MAKE) --no-print-directory testbed-single testbed-thread \
		TESTBED_APPS="sqlite_bench sqlite_shell"

.PHONY: check-testbed
check-testbed: testbed-images
	TESTBED_IMAGES=$(call from_testbed,$(TESTBED_BUILD)) \
		tests/run -j 2 --timeout 1800 $(TESTBED_TESTS)
