# SPDX-License-Identifier: BSD-3-Clause
#
# Tests. One flavour is a build of library and tests in a folder of its own;
# `make check` builds them all and runs everything in one go.

TESTS		= $(BUILD)/tests
API_TESTS	:= $(patsubst tests/api/%.c,%,$(wildcard tests/api/test_*.c))
UNIT_TESTS	:= $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
CXX_TESTS	:= $(patsubst tests/cxx/%.cpp,%,$(wildcard tests/cxx/test_*.cpp))
KERNEL_TESTS	:= $(patsubst tests/kernel/%.c,%,\
			$(wildcard tests/kernel/test_*.c))
CRIMES		:= $(wildcard tests/crimes/*.c)

TEST_CFLAGS	= $(CFLAGS) $(CMOCKA_FLAGS) -fexceptions -Itests/api
TEST_CXXFLAGS	= $(OPTIMIZE) -g -Wall -Wextra -Werror -Iinclude \
		  $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(CFLAGS_EXTRA) \
		  $(CXXFLAGS)
# Programs that run for a second are compiled for longer than that: make test
# has them not optimised, nor what only they are linked with. The library is.
ifneq ($(TEST_OPTIMIZE),)
$(TESTS)/api/% $(TESTS)/unit/% $(TESTS)/cxx/% $(TESTS)/crimes/judge \
	$(BUILD)/unit/%.o $(BUILD)/uktest-thread/%.o: private OPTIMIZE := $(TEST_OPTIMIZE)
endif
VARIABLES	+= TEST_OPTIMIZE
TEST_LIBS	= $(CMOCKA_LIB) -lpthread
CMOCKA_LIB	= -lcmocka
CMOCKA_FLAGS	=
ifneq ($(CROSS),)
CMOCKA_LIB	= $(TESTS)/musl/cmocka.o
CMOCKA_FLAGS	= -I$(TESTS)/musl-include
endif
TEST_HEADERS	:= $(wildcard tests/*/*.h tests/*/*.hpp)

# The engine as white-box tests want it: with assertions and validators
UNIT_SRCS	:= $(sort $(wildcard src/*/*.c) $(PORT_SRCS))
UNIT_OBJS	= $(UNIT_SRCS:%.c=$(BUILD)/unit/%.o)
UNIT_CFLAGS	= $(filter-out -DMI_DEBUG=%,$(CFLAGS)) -DMI_DEBUG=1

$(BUILD)/unit/%.o: %.c $(HEADERS) Makefile | $(BUILD)/lp64
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(UNIT_CFLAGS) -c -o $@ $<

$(TESTS)/unit/%: tests/unit/%.c $(UNIT_OBJS) $(TEST_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(UNIT_CFLAGS) $(CMOCKA_FLAGS) -fexceptions -Itests/unit \
		-o $@ $< $(UNIT_OBJS) \
		$(shell sed -n 's/.*LDFLAGS: *\(-[^*]*\).*/\1/p' $<) $(TEST_LIBS)

$(TESTS)/api/%: tests/api/%.c $(BUILD)/mimalloc.o $(TEST_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(TEST_CFLAGS) -o $@ $< $(BUILD)/mimalloc.o $(TEST_LIBS)

# Debian's cmocka is for glibc and for the machine itself; its header serves for
# musl and with CROSS=, too.
CMOCKA_H	:= /usr/include/cmocka.h
MUSL_CFLAGS	= $(TEST_CFLAGS) -I$(TESTS)/musl-include
ifneq ($(CROSS),)
$(API_TESTS:%=$(TESTS)/api/%) $(UNIT_TESTS:%=$(TESTS)/unit/%) \
	$(TESTS)/crimes/judge: $(TESTS)/musl/cmocka.o
endif

$(TESTS)/musl-include/cmocka.h: $(CMOCKA_H)
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(TESTS)/musl/cmocka.o: tests/musl/cmocka.c $(TESTS)/musl-include/cmocka.h
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(MUSL_CFLAGS) -c -o $@ $<

# For musl: executables linked to the archive, dynamic and static, and to the
# shared library
MUSL_NEEDS	= $(TESTS)/musl/cmocka.o $(TEST_HEADERS)

$(TESTS)/musl/dynamic/%: tests/api/%.c $(MUSL_NEEDS) $(BUILD)/libmimalloc.a
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(MUSL_CFLAGS) -o $@ $< $(TESTS)/musl/cmocka.o \
		$(BUILD)/libmimalloc.a

$(TESTS)/musl/static/%: tests/api/%.c $(MUSL_NEEDS) $(BUILD)/libmimalloc.a
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(MUSL_CFLAGS) -static -o $@ $< $(TESTS)/musl/cmocka.o \
		$(BUILD)/libmimalloc.a

$(TESTS)/musl/shared/%: tests/api/%.c $(MUSL_NEEDS) $(BUILD)/libmimalloc.so
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(MUSL_CFLAGS) -o $@ $< $(TESTS)/musl/cmocka.o \
		-L$(BUILD) -lmimalloc -Wl,-rpath,'$$ORIGIN/../../..'

# With an unwinder, which a program in C has no other use for
$(TESTS)/crimes/judge: $(CRIMES) $(BUILD)/mimalloc.o $(TEST_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(TEST_CFLAGS) -Wno-free-nonheap-object -Wno-use-after-free \
		-Wno-array-bounds -rdynamic -fno-optimize-sibling-calls \
		-static-libgcc -Wl,-u,_Unwind_Backtrace -Wl,-u,_Unwind_GetIP \
		-o $@ $(CRIMES) $(BUILD)/mimalloc.o $(TEST_LIBS)

$(TESTS)/cxx/%: tests/cxx/%.cpp $(BUILD)/mimalloc.o $(TEST_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CXX) -std=$(or $(CXXSTD),c++17) $(TEST_CXXFLAGS) -o $@ $< \
		$(BUILD)/mimalloc.o -lpthread

# The same tests where the kernel's pages are larger, or where it lies: linked
# with a stand-in for it, and told by the environment what to be. See there.
KERNEL_OBJ	= $(BUILD)/tests/kernel/kernel.o

$(KERNEL_OBJ): tests/kernel/kernel.c tests/kernel/kernel.h Makefile
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

$(TESTS)/kernel/unit/%: tests/unit/%.c $(UNIT_OBJS) $(KERNEL_OBJ) \
		$(TEST_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(UNIT_CFLAGS) -fexceptions -Itests/unit -o $@ $< \
		$(UNIT_OBJS) $(KERNEL_OBJ) \
		$(shell sed -n 's/.*LDFLAGS: *\(-[^*]*\).*/\1/p' $<) $(TEST_LIBS)

$(TESTS)/kernel/api/%: tests/api/%.c $(BUILD)/mimalloc.o $(KERNEL_OBJ) \
		$(TEST_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(TEST_CFLAGS) -o $@ $< $(BUILD)/mimalloc.o $(KERNEL_OBJ) \
		$(TEST_LIBS)

$(TESTS)/kernel/%: tests/kernel/%.c $(BUILD)/mimalloc.o $(KERNEL_OBJ) \
		$(TEST_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(TEST_CFLAGS) -o $@ $< $(BUILD)/mimalloc.o $(KERNEL_OBJ) \
		$(TEST_LIBS)

# What tests/test_*.c are for Unikraft, run here: the port for Unikraft, on
# stand-ins for Unikraft's own libraries. That port tells no tool about blocks.
UKTEST_FLAGS	= $(filter-out -Iport/linux -DMI_THREADS=% -DMI_TRACK_%,\
			$(CFLAGS)) \
		  -Iport/unikraft -Itestbed/include -Itests/uktest \
		  -DMI_CONCURRENT=0 -DUK_LIBPARAM_LIBPREFIX=mimalloc
# The host's own libc has these names, and calls some of them by itself
UKTEST_FLAGS	+= $(foreach name,aligned_alloc malloc_usable_size memalign \
			pvalloc reallocarray valloc,-D$(name)=host_$(name))
UKTEST_SRCS	= $(UNIKRAFT_FILES) tests/uktest/host.c \
		  tests/uktest/threads.c tests/uktest/paging.c \
		  tests/uktest/frames.c tests/uktest/learn.c

# $(1): the flavour, $(2): its definitions
define uktest_flavour
UKTEST_OBJS_$(1) := $$(UKTEST_SRCS:%.c=$$(BUILD)/uktest-$(1)/%.o) \
		   $$(BUILD)/uktest-$(1)/tests/uktest/interface.o

$$(BUILD)/uktest-$(1)/%.o: %.c $$(UNIKRAFT_HEADERS) $$(wildcard \
		tests/uktest/*.h) Makefile tests/tests.mk
	@mkdir -p $$(@D)
	@echo "  CC      $$@"
	$$(Q)$$(CC) $$(UKTEST_FLAGS) $(2) -c -o $$@ $$<

$$(BUILD)/uktest-$(1)/tests/uktest/interface.o: tests/uktest/interface.cpp \
		include/mimalloc.h Makefile tests/tests.mk
	@mkdir -p $$(@D)
	@echo "  CXX     $$@"
	$$(Q)$$(CXX) -std=$$(or $$(CXXSTD),c++17) $$(TEST_CXXFLAGS) -c -o $$@ $$<

$$(TESTS)/uktest/$(1): $$(UKTEST_OBJS_$(1)) tests/uktest/host.ld
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	$$(Q)$$(CXX) $$(filter -fsanitize=%,$$(CFLAGS)) -o $$@ \
		$$(UKTEST_OBJS_$(1)) \
		-Wl,-T,tests/uktest/host.ld -lpthread
endef

UKTEST_FLAVOURS	:= single thread stats
$(eval $(call uktest_flavour,single,-DMI_THREADS=0))
$(eval $(call uktest_flavour,thread,-DMI_THREADS=1))
$(eval $(call uktest_flavour,stats,-DMI_THREADS=1 -DMI_CLASS_STATS=1 \
	-DCONFIG_LIBUKALLOC_IFSTATS=1 -DCONFIG_LIBUKDEBUG_ENABLE_ASSERT=1))

# An explorer of memory orders, and the engine that it explores: compiled so
# that each access calls tests/order/hooks.c, and that is no ThreadSanitizer
ORDER_SRCS	:= $(filter-out src/api/%,$(wildcard src/*/*.c)) \
		   tests/order/port.c tests/order/case.c \
		   $(wildcard tests/order/cases_*.c)
ORDER_OBJS	= $(ORDER_SRCS:%.c=$(BUILD)/order/%.o)
ORDER_OWN	:= $(filter-out $(ORDER_SRCS),$(wildcard tests/order/*.c))
ORDER_OWN_OBJS	= $(ORDER_OWN:%.c=$(BUILD)/order/%.o)
ORDER_CFLAGS	= -std=gnu11 -g $(WARNINGS) -Wno-missing-field-initializers \
		  -fno-strict-aliasing -fno-pie -Itests/order -Isrc -Iinclude \
		  -DMI_ARCH_GENERIC -DMI_THREADS=1 -DMI_DEBUG=1

$(ORDER_OBJS): $(BUILD)/order/%.o: %.c $(HEADERS) $(wildcard tests/order/*.h) \
		Makefile tests/tests.mk $(BUILD)/settings
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(ORDER_CFLAGS) -O1 -fsanitize=thread \
		-include tests/order/sites.h -c -o $@ $<
	$(Q)$(OBJCOPY) --redefine-sym memset=order_set \
		--redefine-sym memcpy=order_copy $@

$(ORDER_OWN_OBJS): $(BUILD)/order/%.o: %.c $(wildcard tests/order/*.h) \
		Makefile tests/tests.mk $(BUILD)/settings
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(ORDER_CFLAGS) -O2 -c -o $@ $<

$(TESTS)/order/order: $(ORDER_OBJS) $(ORDER_OWN_OBJS)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) -no-pie -o $@ $^

# The profiler's tables without the names that it stands in front of
PROFILE_TESTS	:= $(patsubst tests/profile/%.c,%,\
			$(wildcard tests/profile/test_*.c))
PROFILE_CORE	= $(filter-out $(foreach name,names next operators options \
			start,$(BUILD)/profile/profile/$(name).o),$(PROFILE_OBJS))

$(TESTS)/profile/%: tests/profile/%.c tests/profile/samples.h $(PROFILE_CORE)
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(PROFILE_CFLAGS) -Iprofile -o $@ $< $(PROFILE_CORE) \
		-lcmocka -lm -lpthread

.SECONDARY: $(UNIT_OBJS)

.PHONY: tests tests-api tests-unit tests-cxx tests-crimes tests-uktest \
	tests-kernel tests-musl tests-order tests-profile
tests: tests-api tests-unit tests-cxx tests-crimes tests-uktest
tests-api: $(API_TESTS:%=$(TESTS)/api/%)
tests-unit: $(UNIT_TESTS:%=$(TESTS)/unit/%)
tests-cxx: $(CXX_TESTS:%=$(TESTS)/cxx/%)
tests-crimes: $(TESTS)/crimes/judge
tests-kernel: $(API_TESTS:%=$(TESTS)/kernel/api/%) \
	$(UNIT_TESTS:%=$(TESTS)/kernel/unit/%) \
	$(KERNEL_TESTS:%=$(TESTS)/kernel/%)
tests-musl: $(foreach kind,dynamic static shared,\
		$(API_TESTS:%=$(TESTS)/musl/$(kind)/%))
tests-uktest: $(UKTEST_FLAVOURS:%=$(TESTS)/uktest/%)
tests-order: $(TESTS)/order/order
tests-profile: $(PROFILE_TESTS:%=$(TESTS)/profile/%)

# One flavour of what matters; T= names what to run instead
.PHONY: test
test:
	@tests/quick

.PHONY: check
check:
	tests/install-packages tests/packages.txt testbed/packages.txt \
		testbed/packages-arm64.txt
	tests/check

# Suites on real kernels for arm64, with pages of 4 and of 16 KiB. One at a time
CROSS_ARM64	:= build/cross-arm64
.PHONY: check-arm64
check-arm64:
	tests/install-packages
	+$(MAKE) CROSS=aarch64-linux-gnu- BUILD=$(CROSS_ARM64) all tests-api \
		tests-unit tests-crimes
	MI_TEST_DIVIDE=$(or $(MI_TEST_DIVIDE),32) tests/run --timeout 36000 \
		--clock 72000 \
		linux-4k='tests/arm64/guest.sh 4k api unit crimes figures' \
		linux-16k='tests/arm64/guest.sh 16k api unit crimes figures'

# The model of the threads' protocol with larger bounds than `make check` has
.PHONY: check-model
check-model:
	tests/install-packages
	tests/model/check.sh long

# The memory orders of that protocol, also the cases that take long
.PHONY: check-order
check-order:
	@CC="$(CC)" tests/order/check.sh long

# Our files against the headers of a tree that is there: UK_ROOT= and ARCH=,
# x86_64 or arm64, for which the script knows what gcc is
.PHONY: check-unikraft
check-unikraft: NOT_CC = $(if $(filter arm64,$(ARCH)),cc gcc)
check-unikraft:
	@UK_ROOT="$(UK_ROOT)" ARCH="$(ARCH)" CC="$(filter-out $(NOT_CC),$(CC))" \
		tests/check-unikraft.sh

# The random tests with many seeds, in few rounds each
.PHONY: check-seeds
check-seeds:
	@tests/seeds

# For packagers: what needs a compiler and make only. MI_TEST_DIVIDE is obeyed.
.PHONY: check-lib
check-lib: tests-cxx
	@tests/check-lib $(CXX_TESTS:%=$(TESTS)/cxx/%)
