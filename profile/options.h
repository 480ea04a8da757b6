/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings, from the environment, and the files that they name. */
#ifndef MI_PROFILE_OPTIONS_H
#define MI_PROFILE_OPTIONS_H

#include "profile.h"

struct options {
	const char *profile;		/* name of a file; NULL: none */
	const char *leaks_file;		/* NULL: standard error */
	size_t rate;
	size_t leaks;			/* call sites */
	uint64_t seed;
	int signal;			/* 0: none */
	bool seed_is_set;
	bool on;			/* something of it was asked for */
};

#define PATH_BYTES	4096

void options_read(struct options *options);
/* The entry of the environment that sets a name, in any case; NULL: none */
const char *option_entry(char **environment, const char *name);

/*
 * The absolute path of a file that a setting names: %p is the process's number,
 * %n `number`, %% a %. Where `apart`, and without %p, the process's number is
 * added at the end. false: it is too long.
 */
bool path_expand(char *path, const char *name, const char *folder, bool apart,
		 size_t number);

#endif /* MI_PROFILE_OPTIONS_H */
