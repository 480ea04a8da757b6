# SPDX-License-Identifier: BSD-3-Clause
#
# Host build: a Linux library, its tests and figures.
#
#   make            build/libmimalloc.so and build/libmimalloc.a
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
		   port/linux/fork.c port/linux/cxx.c
SRCS		:= $(ENGINE_SRCS) $(PORT_SRCS)
HEADERS		:= $(wildcard include/*.h src/*.h src/arch/*.h port/linux/*.h)

SHARED_OBJS	:= $(SRCS:%.c=$(BUILD)/shared/%.o) \
		   $(BUILD)/shared/port/linux/override.o
STATIC_OBJS	:= $(SRCS:%.c=$(BUILD)/static/%.o)

# In the shared library these are the functions themselves
SECOND_NAMES	:= malloc=mi_malloc free=mi_free calloc=mi_calloc \
		   realloc=mi_realloc _Znwm=mi_new _Znam=mi_new \
		   _ZdlPv=mi_free _ZdaPv=mi_free _ZdlPvm=mi_free \
		   _ZdaPvm=mi_free

# What a failed recipe leaves is not taken for done the next time
.DELETE_ON_ERROR:

.PHONY: all
all: $(BUILD)/libmimalloc.so $(BUILD)/libmimalloc.a

%/src/mi_new.o %/port/linux/cxx.o %/port/linux/override.o: UNWIND := -fexceptions

# What is never in a hurry is made small
COLD_NAMES	:= src/mi_arena src/mi_heap src/mi_options src/mi_process \
		   src/mi_stats src/mi_string src/mi_aligned src/text \
		   src/error src/stats src/units src/frames src/purge \
		   src/mi_new src/aligned src/realloc \
		   port/linux/process port/linux/memory port/linux/fork
ifeq ($(OPTIMIZE),-O2)
$(COLD_NAMES:%=$(BUILD)/shared/%.o) $(COLD_NAMES:%=$(BUILD)/static/%.o): \
	OPTIMIZE := -Os
endif

$(BUILD)/shared/port/linux/override.o: CFLAGS_EXTRA += -DMI_SECOND_NAMES

$(BUILD)/shared/%.o: %.c $(HEADERS) Makefile
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CFLAGS) -fPIC -c -o $@ $<

$(BUILD)/static/%.o: %.c $(HEADERS) Makefile
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CFLAGS) -fPIE -DPORT_TLS_LOCAL_EXEC -c -o $@ $<

$(BUILD)/libmimalloc.so: $(SHARED_OBJS)
	@echo "  LD      $@"
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-soname,libmimalloc.so.$(VERSION_MAJOR) \
		-Wl,-Bsymbolic-functions -Wl,-z,now -Wl,-z,nodelete \
		-Wl,-z,initfirst -Wl,--gc-sections \
		$(SECOND_NAMES:%=-Wl,--defsym,%) \
		-Wl,--version-script=port/linux/libmimalloc.map \
		-o $@ $(SHARED_OBJS) $(if $(SANITIZE),,-Wl,-z,defs)
	@ln -sf libmimalloc.so $(BUILD)/libmimalloc.so.$(VERSION_MAJOR)

# One member for the engine, in which only the public names are visible, and
# one for the standard names, linked where a program asks for them.
$(BUILD)/mimalloc.o: $(STATIC_OBJS)
	@echo "  LD      $@"
	$(Q)$(LD) -r -o $@ $(STATIC_OBJS)
	$(Q)$(OBJCOPY) --localize-hidden $@

$(BUILD)/libmimalloc.a: $(BUILD)/mimalloc.o $(BUILD)/static/port/linux/override.o
	@echo "  AR      $@"
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

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
install: $(BUILD)/libmimalloc.so $(BUILD)/libmimalloc.a
	$(INSTALL) -d "$(INSTALL_LIBDIR)" "$(INSTALL_PKG)" \
		"$(INSTALL_CMAKE)" "$(DESTDIR)$(INCLUDEDIR)"
	$(INSTALL) -m 755 $(BUILD)/libmimalloc.so \
		"$(INSTALL_LIBDIR)/libmimalloc.so.$(VERSION_MINOR)"
	ln -sf libmimalloc.so.$(VERSION_MINOR) \
		"$(INSTALL_LIBDIR)/libmimalloc.so.$(VERSION_MAJOR)"
	ln -sf libmimalloc.so.$(VERSION_MAJOR) \
		"$(INSTALL_LIBDIR)/libmimalloc.so"
	$(INSTALL) -m 644 $(BUILD)/libmimalloc.a "$(INSTALL_LIBDIR)"
	$(INSTALL) -m 644 include/mimalloc*.h "$(DESTDIR)$(INCLUDEDIR)"
	$(SUBSTITUTE_PC) port/linux/mimalloc.pc.in \
		>"$(INSTALL_PKG)/mimalloc.pc"
	$(SUBSTITUTE_CMAKE) port/linux/mimalloc-config.cmake.in \
		>"$(INSTALL_CMAKE)/mimalloc-config.cmake"
	$(SUBSTITUTE_CMAKE) port/linux/mimalloc-config-version.cmake.in \
		>"$(INSTALL_CMAKE)/mimalloc-config-version.cmake"

include testbed/testbed.mk
include tests/tests.mk

.PHONY: clean
clean:
	rm -rf $(BUILD)
