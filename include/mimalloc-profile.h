/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Heap profiles of libmimalloc-profile.so, from inside a program. The library is
 * preloaded, never linked to: without it the function is a null pointer.
 *
 *	if (mi_profile_write)
 *		mi_profile_write("after-start.pb");
 */
#ifndef MIMALLOC_PROFILE_H
#define MIMALLOC_PROFILE_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Writes a profile of this moment to a file, or to that of MIMALLOC_PROFILE if
 * `file` is NULL. In the name %p becomes the process's number and %n how many
 * profiles this process has written before.
 *
 * Returns 0, or a number of <errno.h>: what opening or writing the file says;
 * ENODATA where nothing is sampled, as no setting asks for it; ENOENT where there
 * is no name; EBUSY where another thread is writing one; ENOMEM; EAGAIN in a
 * signal handler that interrupted malloc or free. errno stays as it is. It may be
 * called in a signal handler.
 */
__attribute__((weak)) int mi_profile_write(const char *file);

#ifdef __cplusplus
}
#endif

#endif /* MIMALLOC_PROFILE_H */
