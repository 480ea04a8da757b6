# SPDX-License-Identifier: BSD-3-Clause
#
# $(eval $(call settings,FILE,NAME)): FILE holds the value of the variable NAME,
# and is written anew when that is another than at the last time. So what
# depends on the file is made again when what it is made with changes.

define settings
ifneq ($$(strip $$(file <$(1))),$$(strip $$($(2))))
.PHONY: $(1)
endif
$(1): export VALUE := $$($(2))
$(1):
	@mkdir -p $$(@D)
	@printf '%s\n' "$$$$VALUE" >$$@
endef
