# SPDX-License-Identifier: BSD-3-Clause
# Programs that are not ours, and whose sources are not in the repository: each
# is compiled from a folder, and fetched where that lacks it.

SQLITE ?= sqlite
LUA ?= lua
QUICKJS ?= quickjs

SQLITE_APPS = sqlite_bench sqlite_shell
LUA_APPS = lua_bench lua_shell
QUICKJS_APPS = quickjs_bench quickjs_shell

SQLITE_FLAGS = -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION \
	-DSQLITE_TEMP_STORE=3 -DSQLITE_OMIT_WAL -DSQLITE_MAX_MMAP_SIZE=0
# Seeded by no clock and no address, a run is the same each time
LUA_FLAGS = '-Dluai_makeseed(l)=1u'
# As in Unikraft there is no malloc_usable_size(): QuickJS takes 0 for an answer
QUICKJS_FLAGS = -isystem ../include/musl -fwrapv -D_GNU_SOURCE \
	-DCONFIG_VERSION='"$(QUICKJS_VERSION)"' \
	-Dmalloc_usable_size=quickjs_usable_size

SQLITE_OBJECTS = $(BUILD)/sqlite/sqlite3.o
LUA_OBJECTS = $(patsubst %,$(BUILD)/lua/%.o,lapi lauxlib lbaselib lcode \
	lcorolib lctype ldblib ldebug ldo ldump lfunc lgc linit liolib llex \
	lmathlib lmem loadlib lobject lopcodes loslib lparser lstate lstring \
	lstrlib ltable ltablib ltm lundump lutf8lib lvm lzio)
QUICKJS_VERSION = $(shell cat $(QUICKJS)/VERSION 2>/dev/null)
QUICKJS_OBJECTS = $(patsubst %,$(BUILD)/quickjs/%.o,quickjs libregexp \
	libunicode cutils dtoa)

$(SQLITE)/sqlite3.c $(SQLITE)/sqlite3.h &:
	./fetch-sqlite.sh $(SQLITE)

$(LUA)/lua.c $(LUA)/lua.h &:
	./fetch-app.sh lua $(LUA)

$(QUICKJS)/quickjs.c $(QUICKJS)/quickjs.h &:
	./fetch-app.sh quickjs $(QUICKJS)

# $(1): its name in small letters, $(2): in capitals, $(3): its header, $(4):
# one of its files. Without our warnings; and anew when another folder is named.
define program
$$(BUILD)/$(1)-folder: FORCE
	@mkdir -p $$(@D)
	@echo "$$($(2))" | cmp -s - $$@ || echo "$$($(2))" >$$@

$$(BUILD)/$(1)/%.o: $$($(2))/$(4) $$($(2))/$(3) $$(BUILD)/$(1)-folder \
		Makefile programs.mk $$(BUILD)/settings | $$(NEEDS_MUSL)
	@mkdir -p $$(@D)
	@echo "  CC $$($(2))/$$*.c$$(if \
		$$(filter sqlite3 quickjs,$$*), (about a minute))"
	$$(Q)$$(CC) $$(COMMON) -w $$($(2)_FLAGS) \
		-c $$(or $$(MENDED),$$($(2))/$$*.c) -o $$@

$$($(2)_APPS:%=$$(BUILD)/apps/%.o): $$($(2))/$(3) $$(BUILD)/$(1)-folder
$$($(2)_APPS:%=$$(BUILD)/apps/%.o): COMMON += -isystem $$($(2))
$$($(2)_APPS:%=$$(BUILD)/%.elf): $$($(2)_OBJECTS)
$$(BUILD)/$(1)_bench.elf: $$(SHARED_OBJECTS)
endef

SHARED_OBJECTS = $(BUILD)/apps/shared/watch.o

$(eval $(call program,sqlite,SQLITE,sqlite3.h,sqlite3.c))
$(eval $(call program,lua,LUA,lua.h,lua.c))
$(eval $(call program,quickjs,QUICKJS,quickjs.h,quickjs.c))

# The program lua, as the application changes it
$(BUILD)/lua/lua.o: apps/lua_shell/settings.h
$(BUILD)/lua/lua.o: LUA_FLAGS += -include apps/lua_shell/settings.h
$(BUILD)/lua_shell.elf: $(BUILD)/lua/lua.o $(BUILD)/apps/shared/reserve.o
$(BUILD)/quickjs_shell.elf: $(BUILD)/apps/shared/reserve.o
$(QUICKJS_APPS:%=$(BUILD)/%.elf): $(BUILD)/apps/javascript/javascript.o
$(BUILD)/apps/javascript/javascript.o: $(QUICKJS)/quickjs.h \
	$(BUILD)/quickjs-folder
$(BUILD)/apps/javascript/javascript.o: COMMON += -isystem $(QUICKJS)

$(QUICKJS_APPS:%=$(BUILD)/apps/%.o): \
	COMMON += -DQUICKJS_VERSION='"$(QUICKJS_VERSION)"'

$(BUILD)/quickjs/mended.c: $(QUICKJS)/quickjs.c $(BUILD)/quickjs-folder \
		apps/javascript/mend.sed
	@mkdir -p $(@D)
	$(Q)sed -f apps/javascript/mend.sed $< >$@
$(BUILD)/quickjs/quickjs.o: $(BUILD)/quickjs/mended.c
$(BUILD)/quickjs/quickjs.o: MENDED = -I$(QUICKJS) $(BUILD)/quickjs/mended.c

# What a line SHARED_FILE() of theirs reads
$(BUILD)/apps/lua_bench.o: apps/lua_bench/bench.lua
$(BUILD)/apps/quickjs_bench.o: apps/quickjs_bench/bench.js
