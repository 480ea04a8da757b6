# SPDX-License-Identifier: BSD-3-Clause
#
# The unikernel of testbed/, with the allocator of this tree in it.

# ARCH=x86_64|arm64, each in a folder of its own
ARCH		?= x86_64
TESTBED_ARCH	:= $(ARCH)
TESTBED_BUILD	:= $(BUILD)/testbed$(addprefix -,$(filter-out x86_64,$(TESTBED_ARCH)))
TESTBED_PREFIX	:= $(if $(filter arm64,$(TESTBED_ARCH)),aarch64-linux-gnu-)
# A path as testbed/ sees it. Relative, so that the tree's own may hold spaces
from_testbed	= $(foreach path,$(1),$(if $(filter /%,$(path)),,../)$(path))
TESTBED_CC	?= $(TESTBED_PREFIX)gcc
TESTBED_LD	:= $(if $(TESTBED_PREFIX),$(TESTBED_PREFIX)ld,$(LD))
TESTBED_OBJCOPY	:= $(if $(TESTBED_PREFIX),$(TESTBED_PREFIX)objcopy,$(OBJCOPY))
# The folder of musl for arm64, where it is not to be fetched
MUSL		?=
TESTBED_MAKE	= $(MAKE) --no-print-directory -C testbed ARCH=$(TESTBED_ARCH) \
		  CC=$(TESTBED_CC) \
		  $(if $(MUSL),MUSL=$(call from_testbed,$(MUSL)))
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
UNIKRAFT_HEADERS := $(wildcard include/uk/*.h src/*/*.h src/*/*/*.h \
		   port/unikraft/*.h tests/*.h testbed/include/*/*.h)
UNIKRAFT_FLAGS	= $(shell $(TESTBED_MAKE) -s DEFINES="$(TESTBED_DEFINES)" \
		  print-flags)

# Flags that Makefile.uk adds whatever is chosen, or for gcc
UNIKRAFT_OWN	:= $(shell sed -n \
	's|^LIBMIMALLOC_CFLAGS-[^=]*= *\(-[fs][^$$]*\)$$|\1|p' Makefile.uk)

# As of the host's objects; testbed/Makefile has one of its own for the rest
TESTBED_SETTINGS = $(TESTBED_CC) $(TESTBED_DEBUG) $(TESTBED_HARDENING) \
		   $(TESTBED_DEFINES) $(OPTIMIZE) $(TESTBED_LD) $(TESTBED_OBJCOPY)
$(eval $(call settings,$(TESTBED_BUILD)/settings,TESTBED_SETTINGS))

# $(1): the flavour, $(2): MI_THREADS, $(3): MI_CONCURRENT, $(4): further
# definitions, for all
define testbed_flavour
TESTBED_OBJS_$(1) := $$(UNIKRAFT_SRCS:%.c=$$(TESTBED_BUILD)/objects-$(1)/%.o)
TESTBED_UNIT_$(1) := $$(UNIKRAFT_TESTS:%.c=$$(TESTBED_BUILD)/objects-$(1)/%.o)

$$(TESTBED_BUILD)/objects-$(1)/%.o: %.c $$(UNIKRAFT_HEADERS) Makefile.uk \
		testbed/testbed.mk testbed/Makefile $$(TESTBED_BUILD)/settings
	@mkdir -p $$(@D)
	@echo "  CC      $$@"
	$$(Q)cd testbed && $$(TESTBED_CC) $$(UNIKRAFT_FLAGS) \
		$$(UNIKRAFT_OWN) -Wall -Wextra -Wconversion -Werror \
		-I../include -I../src -I../port/unikraft \
		-DMI_CONCURRENT=$(3) -DMI_THREADS=$(2) -DMI_CLASS_STATS=0 \
		-DMI_DEBUG=$$(TESTBED_DEBUG) \
		-DMI_HARDENING=$$(TESTBED_HARDENING) \
		-DUK_LIBPARAM_LIBPREFIX=mimalloc $(4) \
		-c -o $$(call from_testbed,$$@) ../$$<

# As Unikraft links a library: one object, in which only the names of
# exportsyms.uk are visible
$$(TESTBED_BUILD)/mimalloc-$(1).o: $$(TESTBED_OBJS_$(1)) exportsyms.uk
	@echo "  LD      $$@"
	$$(Q)$$(TESTBED_LD) -r -o $$@ $$(TESTBED_OBJS_$(1))
	$$(Q)$$(TESTBED_OBJCOPY) --keep-global-symbols=exportsyms.uk $$@

.PHONY: testbed-$(1)
testbed-$(1): $$(TESTBED_BUILD)/mimalloc-$(1).o $$(TESTBED_UNIT_$(1))
	$$(Q)$$(TESTBED_MAKE) DEFINES="$$(TESTBED_DEFINES) $(4)" \
		BUILD=$$(call from_testbed,$$(TESTBED_BUILD))/$(1) \
		MIMALLOC_OBJS=$$(call from_testbed,$$<) \
		SQLITE=$$(TESTBED_SQLITE) LUA=$$(TESTBED_LUA) \
		QUICKJS=$$(TESTBED_QUICKJS) \
		UKTEST_OBJS="$$(call from_testbed,$$(TESTBED_UNIT_$(1)))" \
		$$(if $$(TESTBED_APPS),APPS="$$(TESTBED_APPS)")
endef

$(eval $(call testbed_flavour,single,0,0))
$(eval $(call testbed_flavour,thread,1,0))
$(eval $(call testbed_flavour,smp,1,1,-DCONFIG_HAVE_SMP=1 \
	-DCONFIG_UKPLAT_LCPU_MAXCOUNT=4))
$(eval $(call testbed_flavour,stats,1,0,-DCONFIG_LIBUKALLOC_IFSTATS=1 \
	-DCONFIG_LIBUKDEBUG_ENABLE_ASSERT=1))

# make run, make shell, make smallest: APP=sqlite|lua|quickjs ROWS= MEMORY=MiB
# MODE=static|paging|vmem HEAPS=single|thread ALLOC=mimalloc|buddy|tlsf|bump (but
# for shell: one or more, with commas between) and the folders of sources:
# SQLITE= with sqlite3.c and sqlite3.h, LUA= with lua.c, QUICKJS= with quickjs.c
APP		?= sqlite
MODE		?= static
# The buddy has a page for each object of a language
MEMORY		?= $(if $(filter sqlite,$(APP)),64,512)
# The search boots some ten times on each allocator
ROWS		?= $(if $(filter smallest,$(MAKECMDGOALS)),1000,10000)
HEAPS		?= single
ALLOC		?=
SQLITE		?= testbed/sqlite
LUA		?= testbed/lua
QUICKJS		?= testbed/quickjs
RUN_ALLOCS	:= buddy,tlsf,mimalloc
TESTBED_SQLITE	= $(call from_testbed,$(SQLITE))
TESTBED_LUA	= $(call from_testbed,$(LUA))
TESTBED_QUICKJS	= $(call from_testbed,$(QUICKJS))

# Bad values are refused before anything is built.
# $(1): a variable, $(2) and $(3): the least and the greatest number
require_number	= $(if $(shell [ '$($(1))' -ge $(2) ] 2>/dev/null && \
		  [ '$($(1))' -le $(3) ] && echo yes),,$(call \
		  refuse,$(1),a number from $(2) to $(3)))
ifneq ($(filter run shell smallest testbed-images check-testbed,$(MAKECMDGOALS)),)
$(call one_of,ARCH,x86_64 arm64)
endif
ifneq ($(filter run shell smallest,$(MAKECMDGOALS)),)
$(call one_of,MODE,static paging vmem)
$(call one_of,HEAPS,single thread)
$(call require_number,MEMORY,3,4096)
$(call require_number,ROWS,1,1000000)
ifneq ($(filter-out mimalloc buddy tlsf bump,$(subst $(comma), ,$(ALLOC))),)
$(call refuse,ALLOC,of mimalloc buddy tlsf bump)
endif
ifneq ($(and $(filter shell,$(MAKECMDGOALS)),$(findstring $(comma),$(ALLOC))),)
$(call refuse,ALLOC,one for the shell)
endif
$(call one_of,APP,sqlite lua quickjs)
# $(1): a variable, $(2) and $(3): what its folder has, unless it is fetched
require_folder	= $(if $(filter-out testbed/%,$($(1))),$(if $(and $(wildcard \
		  $($(1))/$(2)),$(wildcard $($(1))/$(3))),,$(call \
		  refuse,$(1),a folder of $(2) and $(3))))
$(call require_folder,SQLITE,sqlite3.c,sqlite3.h)
$(call require_folder,LUA,lua.c,lua.h)
$(call require_folder,QUICKJS,quickjs.c,quickjs.h)
endif

TESTBED_RUN	= cd testbed && ./run.py
TESTBED_OPTIONS	= --build $(call from_testbed,$(TESTBED_BUILD))/$(HEAPS) \
		  --mode $(MODE) --memory $(MEMORY)

.PHONY: testbed-packages
testbed-packages:
	@tests/install-packages testbed/packages.txt \
		$(wildcard testbed/packages-$(TESTBED_ARCH).txt)
	@$(TESTBED_MAKE) -s print-flags >/dev/null

# Once, before anything that is built with it
.PHONY: testbed-sqlite
testbed-sqlite: testbed-packages
	@cd testbed && ./fetch-sqlite.sh $(TESTBED_SQLITE)

.PHONY: testbed-lua testbed-quickjs
testbed-lua: testbed-packages
	@cd testbed && ./fetch-app.sh lua $(TESTBED_LUA)
testbed-quickjs: testbed-packages
	@cd testbed && ./fetch-app.sh quickjs $(TESTBED_QUICKJS)

.PHONY: run
run: testbed-$(APP)
	@$(MAKE) --no-print-directory testbed-$(HEAPS) \
		TESTBED_APPS=$(APP)_bench
	@$(TESTBED_RUN) compare $(APP)_bench $(TESTBED_OPTIONS) \
		--allocs $(or $(ALLOC),$(RUN_ALLOCS)) -- $(ROWS)

# The trap lets the runner, not sh, say how control-C ends it.
.PHONY: shell
shell: testbed-$(APP)
	@$(MAKE) --no-print-directory testbed-$(HEAPS) \
		TESTBED_APPS=$(APP)_shell
	@trap : INT; $(TESTBED_RUN) shell $(APP)_shell $(TESTBED_OPTIONS) \
		--alloc $(or $(ALLOC),mimalloc)

# The least memory in which SQLite inserts so many rows, or a workload of so
# many succeeds
.PHONY: smallest
smallest: testbed-$(APP)
	@$(MAKE) --no-print-directory testbed-$(HEAPS) \
		TESTBED_APPS=$(APP)_bench
	@$(TESTBED_RUN) smallest $(APP)_bench $(TESTBED_OPTIONS) \
		--allocs $(or $(ALLOC),$(RUN_ALLOCS)) -- \
		$(ROWS) $(if $(filter sqlite,$(APP)),insert)

TESTBED_TESTS	= tests/testbed/boot.sh tests/testbed/conformance.sh \
		  tests/testbed/cpus.sh tests/testbed/figures.sh tests/testbed/interface.sh \
		  tests/testbed/languages.sh tests/testbed/mistakes.sh \
		  tests/testbed/replay.py \
		  tests/testbed/runner.sh \
		  tests/testbed/sqlite.sh \
		  tests/testbed/uktest.sh

.PHONY: testbed-images
testbed-images: testbed-packages
	$(Q)$(MAKE) --no-print-directory testbed-single testbed-thread \
		TESTBED_APPS="hello conformance alloc_bench misbehave uktest \
			interface cpus replay"
	$(Q)$(MAKE) --no-print-directory testbed-stats \
		TESTBED_APPS="misbehave uktest"
	$(Q)$(MAKE) --no-print-directory testbed-smp \
		TESTBED_APPS="hello conformance misbehave cpus"
	-$(Q)$(MAKE) --no-print-directory testbed-sqlite && \
		$(MAKE) --no-print-directory testbed-single testbed-thread \
		TESTBED_APPS="sqlite_bench sqlite_shell"
	-$(Q)$(MAKE) --no-print-directory testbed-lua && \
		$(MAKE) --no-print-directory testbed-single \
		TESTBED_APPS="lua_bench lua_shell"
	-$(Q)$(MAKE) --no-print-directory testbed-quickjs && \
		$(MAKE) --no-print-directory testbed-single \
		TESTBED_APPS="quickjs_bench quickjs_shell"

.PHONY: check-testbed
check-testbed: testbed-images
	ARCH=$(TESTBED_ARCH) \
		TESTBED_IMAGES=$(call from_testbed,$(TESTBED_BUILD)) \
		tests/run -j 2 --timeout 1800 $(TESTBED_TESTS)
