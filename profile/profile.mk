# SPDX-License-Identifier: BSD-3-Clause
#
# Sampled heap profiles: a library to preload before any allocator. It is built
# where the C library is glibc.

PROFILE_SRCS	:= $(sort $(wildcard profile/*.c)) src/ground/text.c
PROFILE_OBJS	= $(PROFILE_SRCS:%.c=$(BUILD)/profile/%.o)
PROFILE_HEADERS	:= $(wildcard profile/*.h)
# The unwinder starts in functions of ours, and exceptions pass through them
PROFILE_CFLAGS	= $(filter-out $(UNWIND),$(CFLAGS)) -fno-builtin-malloc \
		  -fexceptions -fasynchronous-unwind-tables

PROFILE_SO	:=
ifneq ($(shell echo '__GLIBC__' | $(CC) $(CPPFLAGS) -include features.h -E -P \
	-x c - 2>/dev/null | grep -v __GLIBC__),)
PROFILE_SO	:= $(BUILD)/libmimalloc-profile.so
all: $(PROFILE_SO)
endif

$(BUILD)/profile/%.o: %.c Makefile profile/profile.mk $(BUILD)/settings \
		| $(BUILD)/lp64
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(PROFILE_CFLAGS) $(DEPENDS) -fPIC -c -o $@ $<

# libgcc's unwinder is linked in, so a program gets no further library but libm
$(BUILD)/libmimalloc-profile.so: $(PROFILE_OBJS) profile/libmimalloc-profile.map
	@echo "  LD      $@"
	$(Q)$(CC) $(PROFILE_CFLAGS) $(LDFLAGS) -shared -static-libgcc \
		-Wl,-soname,libmimalloc-profile.so -Wl,-Bsymbolic-functions \
		-Wl,-z,now -Wl,-z,nodelete -Wl,--gc-sections \
		-Wl,--version-script=profile/libmimalloc-profile.map \
		-o $@ $(PROFILE_OBJS) -lm $(if $(SANITIZE),,-Wl,-z,defs)

-include $(PROFILE_OBJS:.o=.d)
