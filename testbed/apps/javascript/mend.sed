# SPDX-License-Identifier: BSD-3-Clause
# QuickJS 2025-04-26 ends in calls without end where not even an error object
# finds room: it wants to note in null, which stands for one, where it was
# thrown, and that is an error, too. What is no object notes nothing.
/^static void build_backtrace(/,/^}/ {
	s/^    JSObject \*p;$/&\n    if (!JS_IsObject(error_obj)) return;/
}
