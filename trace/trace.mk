# SPDX-License-Identifier: BSD-3-Clause
#
# What records a program's allocations and plays them again: trace/README.md.

TRACE		= $(BUILD)/trace
trace_objects	= $(patsubst %.c,$(BUILD)/%.o,$(1))
TRACE_RECORD	:= $(call trace_objects,$(wildcard trace/record/*.c))
TRACE_PLAY	:= $(call trace_objects,$(wildcard trace/play/*.c))
TRACE_MEASURE	:= $(call trace_objects,$(wildcard trace/read/measure*.c))
TRACE_COMPILE	:= $(filter-out $(TRACE_MEASURE),\
		   $(call trace_objects,$(wildcard trace/read/*.c)))
# The archive, so that nothing of it is seen by the program that is recorded
ZSTD		= $(shell $(CC) -print-file-name=libzstd.a)

.PHONY: trace
trace: $(TRACE)/libmi-trace.so $(TRACE)/mi-trace-compile \
	$(TRACE)/mi-trace-measure $(TRACE)/mi-trace-play

# Exceptions of operator new pass through the recorder
$(TRACE)/record/%.o: UNWIND := -fexceptions -fno-builtin-malloc \
	-fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free

# One line in place of a compiler's
$(TRACE)/zstd: $(BUILD)/settings
	$(if $(wildcard $(ZSTD)),,$(error make trace needs libzstd.a: \
		apt-get install libzstd-dev))
	@mkdir -p $(@D)
	@touch $@

$(TRACE)/record/pack.o $(TRACE)/read/read.o: | $(TRACE)/zstd

$(TRACE)/%.o: trace/%.c Makefile trace/trace.mk $(BUILD)/settings | $(BUILD)/lp64
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CFLAGS) $(DEPENDS) -Itrace -fPIC -c -o $@ $<

$(TRACE)/libmi-trace.so: $(TRACE_RECORD)
	@echo "  LD      $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,libmi-trace.so \
		-Wl,-z,now -Wl,-z,nodelete -Wl,--gc-sections -Wl,-z,defs \
		-Wl,--exclude-libs,ALL -o $@ $^ $(ZSTD)

$(TRACE)/mi-trace-compile: $(TRACE_COMPILE)
	@echo "  LD      $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ZSTD)

# The player calls malloc for the call's sake
$(TRACE)/play/%.o: KIND_CFLAGS += $(addprefix -fno-builtin-,malloc calloc \
	realloc free posix_memalign)

$(TRACE)/mi-trace-play: $(TRACE_PLAY)
	@echo "  LD      $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -pthread -ldl

$(TRACE)/mi-trace-measure: $(TRACE_MEASURE)
	@echo "  LD      $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

-include $(wildcard $(TRACE)/*/*.d)
