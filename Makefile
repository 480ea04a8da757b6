# SPDX-License-Identifier: BSD-3-Clause
#
# Host build: a Linux library, its tests and figures. What stands from here to
# the empty line is what `make help` prints.
#
# Targets:
#   all               BUILD/libmimalloc.so, libmimalloc.a, for shared objects
#                     libmimalloc-pic.a, for heap profiles
#                     libmimalloc-profile.so, and mi-run; the default
#   install           libraries, mi-run, headers, package files, man pages,
#                     completions, licence
#   uninstall         removes what install brought
#   test              one flavour of what matters, T= for a part
#   check             everything that is tested (installs what it needs)
#   check-lib         what needs compilers only
#   check-seeds       the random tests with many seeds, SEEDS=
#   trace             BUILD/trace: records and replays allocations
#   figures           the figures of docs/figures.md, measured now
#   bench             compared with other allocators, docs/benchmarks.md
#   run               APP= in a unikernel, on a buddy, on TLSF and on this
#   shell             SQL, Lua or JavaScript on a unikernel's serial console
#   smallest          the least memory for ROWS= in SQLite, or of a language
#   check-testbed     the tests of the unikernel alone
#   check-arm64       the suites on kernels for arm64, pages of 4 and 16 KiB
#   check-model       the model of the threads' protocol, larger bounds
#   check-order       the memory orders of that protocol, more cases
#   check-unikraft    our files against the headers of a tree, UK_ROOT= ARCH=
#   clean             removes BUILD
#   help              this text
#
# Variables of the library, and in brackets what they are by default:
#   THREADS=0|1       1: any number of threads; 0: one, and no lock [1]
#   HARDENING=0|1|2   what is checked, docs/hardening.md [1]
#   DEBUG=0|1|2       1: assertions; 2: heaps are checked, too [0]
#   TRACK=valgrind|asan    tells a tool about each block []
#   SANITIZE=address|undefined|thread    with commas between []
#   OPTIMIZE=-O...    given by hand it holds for cold files, too [-O2]
#   CFLAGS= CPPFLAGS= LDFLAGS=    come after our own flags
#   CXXFLAGS=         the same for the C++ tests
#   CFLAGS_EXTRA=     the same as CFLAGS, beside it
#   WERROR=0|1        warnings are errors; 1 in make check [0]
#   BUILD=            the folder to build in [build]
#   CC= CXX= LD= AR= OBJCOPY=    the tools
#   CROSS=            a prefix for those, such as aarch64-linux-gnu- []
#   V=1               shows the commands []
#
# Variables of install and uninstall:
#   DESTDIR=          goes before all of these []
#   PREFIX=           or prefix= [/usr/local]
#   LIBDIR=           [PREFIX/lib]
#   BINDIR=           [PREFIX/bin]
#   INCLUDEDIR=       [PREFIX/include]
#   MANDIR=           [PREFIX/share/man]
#   COMPLETIONDIR=    of bash [PREFIX/share/bash-completion/completions]
#   DOCDIR=           [PREFIX/share/doc/lib-mimalloc]
#   INSTALL=          the program [install]
#
# Variables of the tests:
#   T=                a part of a test's name; T=list lists them []
#   SEEDS= FIRST=     how many check-seeds tries (1000), and from which (1)
#   TEST_OPTIMIZE=-O...    of the test programs alone; -O0 in make test []
#   FLAVOURS=         in which of gcc clang debug asan tsan; all if none []
#   BENCH=            options of bench/run, such as --quick or --help []
#
# Variables of run, shell, smallest and check-testbed:
#   ARCH=x86_64|arm64          of the unikernel [x86_64]
#   MUSL=             the folder of musl for arm64; fetched if none []
#   SQLITE=           folder of its sources; fetched if none [testbed/sqlite]
#   LUA=              the same for Lua [testbed/lua]
#   QUICKJS=          the same for QuickJS [testbed/quickjs]
#   MODE=static|paging|vmem    how the unikernel has its memory [static]
#   HEAPS=single|thread        one heap, or one for each thread [single]
#   ALLOC=mimalloc|buddy|tlsf|bump    for run one or more, with commas []
#   APP=sqlite|lua|quickjs     what runs there [sqlite]
#   MEMORY=           of the machine, in MiB [64; of a language 512]
#   ROWS=             to insert, or as many objects of a language
#                     [10000; of smallest 1000]

# Ours; the interface's own follows
OWN_VERSION	:= 0.9.0
VERSION		:= 2.1.7
VERSION_MINOR	:= $(basename $(VERSION))
VERSION_MAJOR	:= $(basename $(VERSION_MINOR))

BUILD		?= build
THREADS		?= 1
DEBUG		?= 0
HARDENING	?= 1
TRACK		?=
SANITIZE	?=
OPTIMIZE	?= -O2
WERROR		?= 0
CROSS		?=

# $(1): a variable, $(2): what it has to be
refuse		= $(error $(1)=$($(1)): has to be $(2))
# $(1): a variable, $(2): its values
one_of		= $(if $(and $(filter 1,$(words $($(1)))),$(filter $(2),$($(1)))),,\
		  $(call refuse,$(1),one of $(2)))
comma		:= ,
$(call one_of,THREADS,0 1)
$(call one_of,HARDENING,0 1 2)
$(call one_of,DEBUG,0 1 2)
$(call one_of,WERROR,0 1)
$(if $(TRACK),$(call one_of,TRACK,valgrind asan))
$(if $(filter-out address undefined thread,$(subst $(comma), ,$(SANITIZE))),\
	$(call refuse,SANITIZE,of address$(comma)undefined or thread))

ifneq ($(CROSS),)
CC		:= $(CROSS)gcc
CXX		:= $(CROSS)g++
LD		:= $(CROSS)ld
AR		:= $(CROSS)ar
OBJCOPY		:= $(CROSS)objcopy
endif
OBJCOPY		?= objcopy

# Reports of mistakes, debuggers and profilers find the program behind our calls
UNWIND		:= -fasynchronous-unwind-tables
# V=1 shows the commands
Q		:= $(if $(V),,@)

WARNINGS	:= -Wall -Wextra -Wconversion $(if $(filter 1,$(WERROR)),-Werror)
# The user's flags come last and hold. They are not exported: with ours among
# them, a make below this one would take them all for the user's.
USER_CFLAGS	:= $(CFLAGS)
unexport CFLAGS
# What an object of one kind is compiled with beside that
KIND_CFLAGS	:=
PADDING		:=
# PWD is the shell's, and what the compiler takes the folder's name from
override CFLAGS	= -std=gnu11 $(OPTIMIZE) $(PADDING) -g $(WARNINGS) \
		  -fno-strict-aliasing -fvisibility=hidden $(UNWIND) \
		  -ffunction-sections -ffile-prefix-map="$$PWD"=. \
		  -Iinclude -Isrc -Iport/linux \
		  -DMI_THREADS=$(THREADS) -DMI_DEBUG=$(DEBUG) \
		  -DMI_HARDENING=$(HARDENING) \
		  $(if $(filter valgrind,$(TRACK)),-DMI_TRACK_VALGRIND=1) \
		  $(if $(filter asan,$(TRACK)),-DMI_TRACK_ASAN=1) \
		  $(if $(SANITIZE),-fsanitize=$(SANITIZE) \
			-fno-sanitize-recover=all -fno-omit-frame-pointer) \
		  $(KIND_CFLAGS) $(CPPFLAGS) $(USER_CFLAGS) $(CFLAGS_EXTRA)

ENGINE_SRCS	:= $(wildcard src/*/*.c)
ifeq ($(DEBUG),0)
ENGINE_SRCS	:= $(filter-out src/heaps/valid.c,$(ENGINE_SRCS))
endif
PORT_SRCS	:= port/linux/lock.c port/linux/memory.c port/linux/contents.c \
		   port/linux/process.c port/linux/start.c port/linux/system.c \
		   port/linux/fork.c port/linux/figures.c port/linux/trace.c \
		   port/linux/stats_file.c \
		   port/cxx.c
# The standard names: members of the archive beside the engine
NAME_SRCS	:= port/linux/override.c port/linux/mallinfo.c
SRCS		:= $(ENGINE_SRCS) $(PORT_SRCS)
HEADERS		:= $(wildcard include/*.h src/*/*.h src/*/*/*.h port/linux/*.h)

# Where a report finds who called without the loader's lock, libgcc's unwinder is
# linked into the shared library: the C library says that it has what this needs
UNWINDER	:= $(and $(filter 0 1,$(shell printf \
	'#include <dlfcn.h>\nDLFO_STRUCT_HAS_EH_DBASE\n' | $(CC) $(CPPFLAGS) \
	-D_GNU_SOURCE -E -P -x c - 2>/dev/null | tail -n 1)),$(findstring /,\
	$(shell $(CC) -print-file-name=libgcc_eh.a 2>/dev/null)))

SHARED_OBJS	:= $(SRCS:%.c=$(BUILD)/shared/%.o) \
		   $(NAME_SRCS:%.c=$(BUILD)/shared/%.o) \
		   $(BUILD)/shared/port/linux/early.o \
		   $(if $(UNWINDER),$(BUILD)/shared/port/linux/unwind.o)
STATIC_OBJS	:= $(SRCS:%.c=$(BUILD)/static/%.o)
# For shared objects: only the engine, and only for the object itself
PIC_OBJS	:= $(patsubst %.c,$(BUILD)/pic/%.o,\
		   $(filter-out port/linux/figures.c,$(SRCS)))
STATIC_NAMES	:= $(NAME_SRCS:%.c=$(BUILD)/static/%.o)

# In the shared library these are the functions themselves
SECOND_NAMES	:= _Znwm=mi_new _Znam=mi_new \
		   _ZdlPv=mi_free _ZdaPv=mi_free _ZdlPvm=mi_free \
		   _ZdaPvm=mi_free \
		   __libc_malloc=malloc __libc_calloc=calloc \
		   __libc_realloc=realloc __libc_free=free \
		   __libc_cfree=free __libc_memalign=mi_memalign \
		   __libc_valloc=mi_valloc __libc_pvalloc=mi_pvalloc \
		   __posix_memalign=mi_posix_memalign

# What a failed recipe leaves is not taken for done the next time
.DELETE_ON_ERROR:

.PHONY: all
all: $(BUILD)/libmimalloc.so $(BUILD)/libmimalloc.a $(BUILD)/libmimalloc-pic.a \
	$(BUILD)/mi-run

%/src/api/mi_new.o %/port/cxx.o %/port/linux/override.o: UNWIND += -fexceptions

# What is never in a hurry is made small
COLD_NAMES	:= $(addprefix src/, \
		   ground/error ground/text \
		   runs/arena runs/budget runs/chunk runs/dirty runs/frames \
		   runs/grow runs/map runs/purge runs/release \
		   runs/reserve runs/run runs/shelf runs/slab runs/stats \
		   runs/supply runs/window \
		   pages/account pages/describe pages/holes pages/page pages/use \
		   heaps/abandon heaps/absorb heaps/collect \
		   heaps/fork_child heaps/heap heaps/heap_life heaps/keep heaps/notify \
		   heaps/owned heaps/queue heaps/remote heaps/sleeping \
		   heaps/thread \
		   blocks/aligned blocks/available blocks/census blocks/free \
		   blocks/json blocks/large blocks/report \
		   blocks/realloc blocks/refuse blocks/units \
		   api/mi_aligned api/mi_arena api/mi_heap api/mi_malloc api/mi_new \
		   api/mi_options api/mi_process api/mi_stats api/mi_string) \
		   port/linux/process port/linux/start port/linux/system \
		   port/linux/memory port/linux/contents port/linux/early port/linux/lock \
		   port/cxx \
		   port/linux/fork port/linux/figures port/linux/mallinfo \
		   port/linux/trace port/linux/unwind port/linux/stats_file
# Elsewhere what is only jumped to, and all functions but those that malloc and
# free begin in, stand without padding, where the compiler knows how
HOT_NAMES	:= src/blocks/malloc src/blocks/free src/api/mi_malloc \
		   port/linux/override
ifeq ($(OPTIMIZE),-O2)
ifeq ($(shell echo | $(CC) -Werror -falign-jumps=1 -x c -c -o /dev/null - 2>&1),)
PADDING		:= -falign-functions=1 -falign-jumps=1
$(foreach kind,shared static pic,$(HOT_NAMES:%=$(BUILD)/$(kind)/%.o)): \
	PADDING := -falign-jumps=1
endif
# What makes code larger, though -Oz does it
LARGER		:= -fno-tree-sra -fno-caller-saves -fno-move-loop-invariants
ifneq ($(shell echo | $(CC) -Werror $(LARGER) -x c -c -o /dev/null - 2>&1),)
LARGER		:=
endif
# gcc for aarch64 moves arguments to other registers for that pass' sake, and
# small code takes instructions more
ifneq ($(filter aarch64%,$(shell $(CC) -dumpmachine 2>/dev/null)),)
COLD_NAMES	:= $(filter-out $(HOT_NAMES),$(COLD_NAMES))
ifeq ($(shell echo | $(CC) -Werror -fno-cse-follow-jumps -x c -c -o /dev/null - 2>&1),)
$(foreach kind,shared static pic,$(HOT_NAMES:%=$(BUILD)/$(kind)/%.o)): \
	KIND_CFLAGS += -fno-cse-follow-jumps
endif
endif
$(foreach kind,shared static pic,$(COLD_NAMES:%=$(BUILD)/$(kind)/%.o)): \
	OPTIMIZE := -Oz $(LARGER)
# On x86-64 -Oz copies byte by byte, by an instruction that is slow to begin, and
# gcc zeroes by another one what is a kibibyte at most
ifeq ($(shell echo | $(CC) -Werror -mstringop-strategy=libcall -x c -c -o \
	/dev/null - 2>&1),)
$(foreach kind,shared static pic,\
	$(addprefix $(BUILD)/$(kind)/src/blocks/,malloc.o realloc.o)): \
	KIND_CFLAGS += -mstringop-strategy=libcall
endif
endif

$(BUILD)/shared/%.o: KIND_CFLAGS += -DPORT_EARLY \
	$(if $(UNWINDER),-DPORT_UNWINDER)
$(BUILD)/shared/port/linux/override.o: KIND_CFLAGS += -DMI_SECOND_NAMES

# All that is compiled depends on a file that changes when what it is compiled
# with does
SETTINGS	= $(CC) $(CXX) $(CXXSTD) $(CXXFLAGS) $(LD) $(AR) $(OBJCOPY) $(CFLAGS) $(LDFLAGS) \
		  $(TEST_OPTIMIZE)
include settings.mk
$(eval $(call settings,$(BUILD)/settings,SETTINGS))

# One line as an answer to -m32, in place of a page of errors
$(BUILD)/lp64: $(BUILD)/settings
	$(if $(filter __LP64__,$(shell echo __LP64__ | \
		$(CC) $(CFLAGS) -E -P -x c - 2>/dev/null)),$(error \
		lib-mimalloc is written for 64-bit (LP64) machines))
	@mkdir -p $(@D)
	@touch $@

# The headers that an object includes are written beside it and read below
DEPENDS		:= -MMD -MP
# The archives are for any linker, and their names are hidden object by object
NO_LTO		:= -fno-lto

$(BUILD)/shared/%.o: %.c Makefile $(BUILD)/settings | $(BUILD)/lp64
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CFLAGS) $(DEPENDS) -fPIC -c -o $@ $<

$(BUILD)/static/%.o: %.c Makefile $(BUILD)/settings | $(BUILD)/lp64
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CFLAGS) $(DEPENDS) -fPIE -DPORT_TLS_LOCAL_EXEC \
		$(NO_LTO) -c -o $@ $<

$(BUILD)/pic/%.o: %.c Makefile $(BUILD)/settings | $(BUILD)/lp64
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CFLAGS) $(DEPENDS) -fPIC -DPORT_TLS_DYNAMIC \
		-Dmi_decl_export= $(NO_LTO) -c -o $@ $<

$(BUILD)/libmimalloc.so: $(SHARED_OBJS)
	@echo "  LD      $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared $(if $(UNWINDER),-static-libgcc) \
		-Wl,-soname,libmimalloc.so.$(VERSION_MAJOR) \
		-Wl,-Bsymbolic-functions -Wl,-z,now -Wl,-z,nodelete \
		-Wl,-z,initfirst -Wl,--gc-sections \
		$(SECOND_NAMES:%=-Wl,--defsym,%) \
		-Wl,--version-script=port/linux/libmimalloc.map \
		-o $@ $(SHARED_OBJS) $(if $(SANITIZE),,-Wl,-z,defs)
	@ln -sf libmimalloc.so $(BUILD)/libmimalloc.so.$(VERSION_MAJOR)

# One member for the engine, in which only the public names are visible, one
# for the standard names, linked where a program asks for them, and one for
# mallinfo and its kin, which need stdio.
$(BUILD)/mimalloc.o: $(STATIC_OBJS)
	@echo "  LD      $@"
	$(Q)$(LD) -r -o $@ $(STATIC_OBJS)
	$(Q)$(OBJCOPY) --localize-hidden $@

$(BUILD)/libmimalloc.a: $(BUILD)/mimalloc.o $(STATIC_NAMES)
	@echo "  AR      $@"
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^

# One member, whose mi_* names any part of a shared object may call and none
# outside of it, and which has no other name.
$(BUILD)/libmimalloc-pic.a: $(PIC_OBJS)
	@echo "  AR      $@"
	$(Q)$(LD) -r -o $(BUILD)/mimalloc-pic.o $(PIC_OBJS)
	$(Q)$(OBJCOPY) --wildcard --keep-global-symbol='mi_*' \
		$(BUILD)/mimalloc-pic.o
	@rm -f $@
	$(Q)$(AR) rcsD $@ $(BUILD)/mimalloc-pic.o

# The library is where mi-run is; once installed, in LIBDIR as seen from BINDIR
SUBSTITUTE_RUN	= sed -e 's|@OWN_VERSION@|$(OWN_VERSION)|' \
	-e "s|@LIBRARY_FOLDER@|$(1)|" port/linux/mi-run.in

$(BUILD)/mi-run: port/linux/mi-run.in Makefile | $(BUILD)/lp64
	@mkdir -p $(@D)
	@echo "  SED     $@"
	$(Q)$(call SUBSTITUTE_RUN,.) >$@
	$(Q)chmod 755 $@

include profile/profile.mk

PREFIX		?= $(or $(prefix),/usr/local)
LIBDIR		?= $(PREFIX)/lib
BINDIR		?= $(PREFIX)/bin
INCLUDEDIR	?= $(PREFIX)/include
MANDIR		?= $(PREFIX)/share/man
DOCDIR		?= $(PREFIX)/share/doc/lib-mimalloc
COMPLETIONDIR	?= $(PREFIX)/share/bash-completion/completions
INSTALL		?= install

INSTALL_LIBDIR	= $(DESTDIR)$(LIBDIR)
INSTALL_PKG	= $(INSTALL_LIBDIR)/pkgconfig
INSTALL_CMAKE	= $(INSTALL_LIBDIR)/cmake/mimalloc-$(VERSION_MINOR)
SUBSTITUTE_CMAKE = sed -e 's|@VERSION@|$(VERSION)|g' \
	-e 's|@PREFIX@|$(PREFIX)|g' -e 's|@LIBDIR@|$(LIBDIR)|g' \
	-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|g'
# In mimalloc.pc what lies below the prefix is said so, for --define-prefix.
SUBSTITUTE_PC	= sed -e 's|@VERSION@|$(VERSION)|g' -e 's|@PREFIX@|$(PREFIX)|g' \
	-e 's|@OWN_VERSION@|$(OWN_VERSION)|g' \
	-e 's|@LIBDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))|g' \
	-e 's|@INCLUDEDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(INCLUDEDIR))|g'
COMPLETIONS	:= mi-run
MANUAL_1	:= mi-run.1
# So that all of PREFIX may be moved; what lies elsewhere stays where it is
LIBDIR_OF_RUN	= $(if $(filter $(PREFIX)/%,$(LIBDIR)),$$(realpath -m -s \
	--relative-to="$(BINDIR)" "$(LIBDIR)"),$(LIBDIR))
# Where the loader looks by a cache, which ldconfig writes
CACHED_LIBDIR	= $(filter /lib% /usr/lib% /usr/local/lib%,$(LIBDIR))

.PHONY: install
install: $(BUILD)/libmimalloc.so $(BUILD)/libmimalloc.a \
		$(BUILD)/libmimalloc-pic.a $(PROFILE_SO)
	$(INSTALL) -d "$(INSTALL_LIBDIR)" "$(INSTALL_PKG)" \
		"$(INSTALL_CMAKE)" "$(DESTDIR)$(INCLUDEDIR)" \
		"$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(COMPLETIONDIR)" \
		"$(DESTDIR)$(MANDIR)/man1" "$(DESTDIR)$(MANDIR)/man3" \
		"$(DESTDIR)$(MANDIR)/man7" "$(DESTDIR)$(DOCDIR)"
	$(INSTALL) -m 755 $(BUILD)/libmimalloc.so \
		"$(INSTALL_LIBDIR)/libmimalloc.so.$(VERSION_MINOR)"
	ln -sf libmimalloc.so.$(VERSION_MINOR) \
		"$(INSTALL_LIBDIR)/libmimalloc.so.$(VERSION_MAJOR)"
	ln -sf libmimalloc.so.$(VERSION_MAJOR) \
		"$(INSTALL_LIBDIR)/libmimalloc.so"
	$(INSTALL) -m 644 $(BUILD)/libmimalloc.a $(BUILD)/libmimalloc-pic.a \
		"$(INSTALL_LIBDIR)"
	$(if $(PROFILE_SO),$(INSTALL) -m 755 $(PROFILE_SO) "$(INSTALL_LIBDIR)")
	$(INSTALL) -m 644 include/mimalloc*.h "$(DESTDIR)$(INCLUDEDIR)"
	$(SUBSTITUTE_PC) port/linux/mimalloc.pc.in \
		>"$(INSTALL_PKG)/mimalloc.pc"
	$(SUBSTITUTE_PC) port/linux/mimalloc-pic.pc.in \
		>"$(INSTALL_PKG)/mimalloc-pic.pc"
	$(SUBSTITUTE_CMAKE) port/linux/mimalloc-config.cmake.in \
		>"$(INSTALL_CMAKE)/mimalloc-config.cmake"
	$(SUBSTITUTE_CMAKE) port/linux/mimalloc-config-version.cmake.in \
		>"$(INSTALL_CMAKE)/mimalloc-config-version.cmake"
	$(call SUBSTITUTE_RUN,$(LIBDIR_OF_RUN)) >"$(DESTDIR)$(BINDIR)/mi-run"
	chmod 755 "$(DESTDIR)$(BINDIR)/mi-run"
	$(INSTALL) -m 644 $(addprefix port/linux/completions/,$(COMPLETIONS)) \
		"$(DESTDIR)$(COMPLETIONDIR)"
	$(INSTALL) -m 644 $(MANUAL_1:%=docs/man/%) "$(DESTDIR)$(MANDIR)/man1"
	$(INSTALL) -m 644 docs/man/mimalloc.3 "$(DESTDIR)$(MANDIR)/man3"
	$(INSTALL) -m 644 docs/man/mimalloc-options.7 "$(DESTDIR)$(MANDIR)/man7"
	$(INSTALL) -m 644 LICENSE "$(DESTDIR)$(DOCDIR)"
	$(if $(DESTDIR),,$(if $(CACHED_LIBDIR),@echo "Now run ldconfig."))

# Folders go where they were for us alone
.PHONY: uninstall
uninstall:
	rm -f $(foreach file,libmimalloc.so.$(VERSION_MINOR) \
			libmimalloc.so.$(VERSION_MAJOR) libmimalloc.so \
			libmimalloc.a libmimalloc-pic.a \
			libmimalloc-profile.so \
			pkgconfig/mimalloc.pc pkgconfig/mimalloc-pic.pc, \
			"$(INSTALL_LIBDIR)/$(file)") \
		$(foreach header,$(notdir $(wildcard include/mimalloc*.h)), \
			"$(DESTDIR)$(INCLUDEDIR)/$(header)") \
		"$(INSTALL_CMAKE)/mimalloc-config.cmake" \
		"$(INSTALL_CMAKE)/mimalloc-config-version.cmake" \
		"$(DESTDIR)$(BINDIR)/mi-run" \
		$(foreach file,$(COMPLETIONS), \
			"$(DESTDIR)$(COMPLETIONDIR)/$(file)") \
		$(foreach file,$(MANUAL_1), \
			"$(DESTDIR)$(MANDIR)/man1/$(file)") \
		"$(DESTDIR)$(MANDIR)/man3/mimalloc.3" \
		"$(DESTDIR)$(MANDIR)/man7/mimalloc-options.7" \
		"$(DESTDIR)$(DOCDIR)/LICENSE"
	rmdir "$(INSTALL_CMAKE)" "$(DESTDIR)$(DOCDIR)" 2>/dev/null || true

.PHONY: figures
figures: all
	MIMALLOC_SO="$(abspath $(BUILD))/libmimalloc.so" BUILD="$(BUILD)" \
		tests/run --verbose --timeout 2400 $(sort $(wildcard \
			tests/figures/*.sh))

.PHONY: bench
bench: $(BUILD)/libmimalloc.so
	@BUILD="$(BUILD)" CC="$(CC)" bench/run $(BENCH)

.PHONY: help
help:
	@echo "lib-mimalloc $(OWN_VERSION), interface of mimalloc $(VERSION)"
	@sed -n '/^# Targets:/,/^$$/s/^# \{0,1\}//p' Makefile

include trace/trace.mk
include testbed/testbed.mk
include tests/tests.mk

$(UNIT_OBJS) $(KERNEL_OBJ) $(TESTS)/musl/cmocka.o \
	$(foreach flavour,$(UKTEST_FLAVOURS),$(UKTEST_OBJS_$(flavour))): \
	$(BUILD)/settings
check: export WERROR := 1

-include $(patsubst %.o,%.d,$(SHARED_OBJS) $(STATIC_OBJS) $(STATIC_NAMES) \
	$(PIC_OBJS))

# What a command line may set. A misspelt name is answered with those that
# begin or end as it does.
VARIABLES	+= THREADS HARDENING DEBUG TRACK SANITIZE OPTIMIZE WERROR BUILD V \
		   CC CXX LD AR OBJCOPY CROSS INSTALL CFLAGS CPPFLAGS LDFLAGS \
		   CFLAGS_EXTRA CXXFLAGS CXXSTD PREFIX prefix DESTDIR LIBDIR \
		   INCLUDEDIR BINDIR COMPLETIONDIR MANDIR DOCDIR MODE HEAPS ALLOC MEMORY ROWS UK_ROOT \
		   TESTBED_CC TESTBED_DEBUG TESTBED_HARDENING TESTBED_DEFINES \
		   TESTBED_APPS T SEEDS FIRST FLAVOURS BENCH SQLITE LUA QUICKJS MUSL ARCH APP MAKE SHELL
STRANGE		:= $(foreach name,$(filter-out $(VARIABLES),$(.VARIABLES)),\
		   $(if $(filter command,$(origin $(name))),$(name)))
similar		= $(shell printf '%s\n' $(VARIABLES) | grep -i \
		  -e "^$$(printf %s '$(1)' | head -c 3)" \
		  -e "$$(printf %s '$(1)' | tail -c 3)$$")
$(foreach name,$(STRANGE),$(error $(name): no such variable. \
	$(or $(addsuffix ?,$(call similar,$(name))),See make help)))

.PHONY: clean
clean:
	rm -rf $(BUILD)
