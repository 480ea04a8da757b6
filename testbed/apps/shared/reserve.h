/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that a prompt holds back. Where a script has taken all the rest and
 * keeps it, not even the line could be compiled that lets go of it.
 */
#ifndef SHARED_RESERVE_H
#define SHARED_RESERVE_H

/*
 * To be called before each line is read: gives the reserve up for this line
 * where memory is short, and takes it again where it is not.
 */
void reserve_before_line(void);

#endif /* SHARED_RESERVE_H */
