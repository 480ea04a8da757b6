# SPDX-License-Identifier: BSD-3-Clause
#
# Host build: a Linux library, its tests and figures.
#
#   make            build/libmimalloc.so, build/libmimalloc.a, and
#                   build/libmimalloc-pic.a for shared objects
#   make check      everything that is tested (installs what it needs)
#   make figures    the figures of docs/figures.md, measured now
#   make install    PREFIX=/usr/local DESTDIR=
#
# Variables: CC, CXX, CFLAGS_EXTRA, THREADS=1|0, DEBUG=0|1|2,
# HARDENING=0|1|2,
# TRACK=valgrind|asan, SANITIZE=address,undefined|thread, BUILD (a folder)

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

# No unwind tables but where an exception may pass
UNWIND		:= -fno-asynchronous-unwind-tables -fno-unwind-tables
# V=1 shows the commands
Q		:= $(if $(V),,@)

WARNINGS	:= -Wall -Wextra -Wconversion -Werror
CFLAGS		= -std=gnu11 $(OPTIMIZE) -g $(WARNINGS) \
		  -fno-strict-aliasing -fvisibility=hidden $(UNWIND) \
		  -ffunction-sections \
		  -Iinclude -Isrc -Iport/linux \
		  -DMI_THREADS=$(THREADS) -DMI_DEBUG=$(DEBUG) \
		  -DMI_HARDENING=$(HARDENING) \
		  $(if $(filter valgrind,$(TRACK)),-DMI_TRACK_VALGRIND=1) \
		  $(if $(filter asan,$(TRACK)),-DMI_TRACK_ASAN=1) \
		  $(if $(SANITIZE),-fsanitize=$(SANITIZE) \
			-fno-sanitize-recover=all -fno-omit-frame-pointer) \
		  $(CFLAGS_EXTRA)

ENGINE_SRCS	:= $(wildcard src/*.c)
ifeq ($(DEBUG),0)
ENGINE_SRCS	:= $(filter-out src/valid.c,$(ENGINE_SRCS))
endif
PORT_SRCS	:= port/linux/lock.c port/linux/memory.c port/linux/process.c \
		   port/linux/fork.c port/linux/figures.c port/linux/cxx.c
# The standard names: members of the archive beside the engine
NAME_SRCS	:= port/linux/override.c port/linux/mallinfo.c
SRCS		:= $(ENGINE_SRCS) $(PORT_SRCS)
HEADERS		:= $(wildcard include/*.h src/*.h src/arch/*.h port/linux/*.h)

SHARED_OBJS	:= $(SRCS:%.c=$(BUILD)/shared/%.o) \
		   $(NAME_SRCS:%.c=$(BUILD)/shared/%.o) \
		   $(BUILD)/shared/port/linux/early.o
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
all: $(BUILD)/libmimalloc.so $(BUILD)/libmimalloc.a $(BUILD)/libmimalloc-pic.a

%/src/mi_new.o %/port/linux/cxx.o %/port/linux/override.o: UNWIND := -fexceptions

# What is never in a hurry is made small
COLD_NAMES	:= src/mi_arena src/mi_heap src/mi_options src/mi_process \
		   src/mi_stats src/mi_string src/mi_aligned src/text \
		   src/error src/stats src/units src/frames src/purge \
		   src/mi_new src/aligned src/realloc src/window src/reserve \
		   src/thread src/descriptor src/arena src/available \
		   port/linux/process port/linux/memory port/linux/fork \
		   port/linux/figures port/linux/mallinfo
ifeq ($(OPTIMIZE),-O2)
$(foreach kind,shared static pic,$(COLD_NAMES:%=$(BUILD)/$(kind)/%.o)): \
	OPTIMIZE := -Os
endif

$(BUILD)/shared/%.o: CFLAGS_EXTRA += -DPORT_EARLY
$(BUILD)/shared/port/linux/override.o: CFLAGS_EXTRA += -DMI_SECOND_NAMES

# One line as an answer to -m32, in place of a page of errors
$(BUILD)/lp64:
	$(if $(filter __LP64__,$(shell echo __LP64__ | \
		$(CC) $(CFLAGS) -E -P -x c - 2>/dev/null)),$(error \
		lib-mimalloc is written for 64-bit (LP64) machines))
	@mkdir -p $(@D)
	@touch $@

$(BUILD)/shared/%.o: %.c $(HEADERS) Makefile | $(BUILD)/lp64
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CFLAGS) -fPIC -c -o $@ $<

$(BUILD)/static/%.o: %.c $(HEADERS) Makefile | $(BUILD)/lp64
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CFLAGS) -fPIE -DPORT_TLS_LOCAL_EXEC -c -o $@ $<

$(BUILD)/pic/%.o: %.c $(HEADERS) Makefile | $(BUILD)/lp64
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CFLAGS) -fPIC -DPORT_TLS_DYNAMIC -Dmi_decl_export= \
		-c -o $@ $<

$(BUILD)/libmimalloc.so: $(SHARED_OBJS)
	@echo "  LD      $@"
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-soname,libmimalloc.so.$(VERSION_MAJOR) \
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
	$(Q)$(AR) rcs $@ $^

# One member, whose mi_* names any part of a shared object may call and none
# outside of it, and which has no other name.
$(BUILD)/libmimalloc-pic.a: $(PIC_OBJS)
	@echo "  AR      $@"
	$(Q)$(LD) -r -o $(BUILD)/mimalloc-pic.o $(PIC_OBJS)
	$(Q)$(OBJCOPY) --wildcard --keep-global-symbol='mi_*' \
		$(BUILD)/mimalloc-pic.o
	@rm -f $@
	$(Q)$(AR) rcs $@ $(BUILD)/mimalloc-pic.o

OBJCOPY		?= objcopy

PREFIX		?= /usr/local
LIBDIR		?= $(PREFIX)/lib
INCLUDEDIR	?= $(PREFIX)/include
INSTALL		?= install

INSTALL_LIBDIR	= $(DESTDIR)$(LIBDIR)
INSTALL_PKG	= $(INSTALL_LIBDIR)/pkgconfig
INSTALL_CMAKE	= $(INSTALL_LIBDIR)/cmake/mimalloc-$(VERSION_MINOR)
SUBSTITUTE_CMAKE = sed -e 's|@VERSION@|$(VERSION)|g' \
	-e 's|@PREFIX@|$(PREFIX)|g' -e 's|@LIBDIR@|$(LIBDIR)|g' \
	-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|g'
# In mimalloc.pc what lies below the prefix is said so, for --define-prefix.
SUBSTITUTE_PC	= sed -e 's|@VERSION@|$(VERSION)|g' -e 's|@PREFIX@|$(PREFIX)|g' \
	-e 's|@LIBDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))|g' \
	-e 's|@INCLUDEDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(INCLUDEDIR))|g'

.PHONY: install
install: $(BUILD)/libmimalloc.so $(BUILD)/libmimalloc.a $(BUILD)/libmimalloc-pic.a
	$(INSTALL) -d "$(INSTALL_LIBDIR)" "$(INSTALL_PKG)" \
		"$(INSTALL_CMAKE)" "$(DESTDIR)$(INCLUDEDIR)"
	$(INSTALL) -m 755 $(BUILD)/libmimalloc.so \
		"$(INSTALL_LIBDIR)/libmimalloc.so.$(VERSION_MINOR)"
	ln -sf libmimalloc.so.$(VERSION_MINOR) \
		"$(INSTALL_LIBDIR)/libmimalloc.so.$(VERSION_MAJOR)"
	ln -sf libmimalloc.so.$(VERSION_MAJOR) \
		"$(INSTALL_LIBDIR)/libmimalloc.so"
	$(INSTALL) -m 644 $(BUILD)/libmimalloc.a $(BUILD)/libmimalloc-pic.a \
		"$(INSTALL_LIBDIR)"
	$(INSTALL) -m 644 include/mimalloc*.h "$(DESTDIR)$(INCLUDEDIR)"
	$(SUBSTITUTE_PC) port/linux/mimalloc.pc.in \
		>"$(INSTALL_PKG)/mimalloc.pc"
	$(SUBSTITUTE_PC) port/linux/mimalloc-pic.pc.in \
		>"$(INSTALL_PKG)/mimalloc-pic.pc"
	$(SUBSTITUTE_CMAKE) port/linux/mimalloc-config.cmake.in \
		>"$(INSTALL_CMAKE)/mimalloc-config.cmake"
	$(SUBSTITUTE_CMAKE) port/linux/mimalloc-config-version.cmake.in \
		>"$(INSTALL_CMAKE)/mimalloc-config-version.cmake"

include testbed/testbed.mk
include tests/tests.mk

.PHONY: clean
clean:
	rm -rf $(BUILD)
