/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether the explorer explores what it shall: small programs of which it is
 * known how they may end under the C11 orders, all the ways and no other.
 * Names are those of the literature (Alglave, Maranget, Sarkar and Sewell,
 * Litmus: running tests against hardware, TACAS 2011).
 */
#include "cases.h"

static uintptr_t x, y, plain;
static uintptr_t a, b, c;	/* what was read; each of one thread */

static void begin(void)
{
	x = y = plain = a = b = c = 0;
	order_name(&x, "x");
	order_name(&y, "y");
	order_name(&plain, "plain");
}

#define BIT(n)	(UINT64_C(1) << (n))

static void judge_two(void)
{
	order_outcome((unsigned int)(2 * a + b));
}

/* ---- message passing ---- */

static void send_relaxed(void)
{
	atomic_write(&x, 1);
	atomic_write(&y, 1);
}

static void send(void)
{
	atomic_write(&x, 1);
	atomic_write_release(&y, 1);
}

static void receive(void)
{
	a = atomic_read_acquire(&y);
	b = atomic_read(&x);
}

static void send_plain(void)
{
	plain = 1;
	atomic_write_release(&y, 1);
}

static void receive_plain(void)
{
	if (atomic_read_acquire(&y))
		b = plain;
}

static void receive_plain_relaxed(void)
{
	if (atomic_read(&y))
		b = plain;
}

static void judge_nothing(void)
{
}

/* ---- a second thread between sender and receiver ---- */

static void pass_by_swap(void)
{
	uintptr_t one = 1;

	(void)atomic_compare_swap(&y, &one, 2);
}

static void pass_by_write(void)
{
	if (atomic_read(&y) == 1)
		atomic_write(&y, 2);
}

static void judge_second(void)
{
	order_outcome(a == 2 ? 1 + (unsigned int)b : 0);
}

/* ---- store buffering, load buffering ---- */

static void store_x_read_y(void)
{
	atomic_write_release(&x, 1);
	a = atomic_read_acquire(&y);
}

static void store_y_read_x(void)
{
	atomic_write_release(&y, 1);
	b = atomic_read_acquire(&x);
}

static void read_y_store_x(void)
{
	a = atomic_read(&y);
	atomic_write(&x, 1);
}

static void read_x_store_y(void)
{
	b = atomic_read(&x);
	atomic_write(&y, 1);
}

/* ---- writes among writes ---- */

static void write_x_y(void)
{
	atomic_write(&x, 1);
	atomic_write(&y, 2);
}

static void write_y_x(void)
{
	atomic_write(&y, 1);
	atomic_write(&x, 2);
}

static void judge_last(void)
{
	order_outcome((unsigned int)(2 * (x - 1) + (y - 1)));
}

static void write_twice(void)
{
	atomic_write(&x, 1);
	atomic_write(&x, 2);
}

static void read_twice(void)
{
	a = atomic_read(&x);
	b = atomic_read(&x);
}

static void judge_twice(void)
{
	order_outcome((unsigned int)(3 * a + b));
}

/* ---- updates, and a lock ---- */

static void add_a(void)
{
	a = atomic_add(&x, 1);
}

static void add_b(void)
{
	b = atomic_add(&x, 1);
}

static void add_c(void)
{
	c = atomic_add(&x, 1);
}

static void judge_add(void)
{
	check(x == 3 && a != b && b != c && a != c);
	order_outcome((unsigned int)(3 * a + b));
}

static void add_locked(void)
{
	port_lock(&INSTANCE->lock);
	plain++;
	port_unlock(&INSTANCE->lock);
}

static void judge_locked(void)
{
	check(plain == 3);
}

static void add_plain(void)
{
	plain++;
}

const struct exploration cases_litmus[] = {
	{ "MP relaxed", begin, { NULL, send_relaxed, receive }, judge_two,
	  BIT(0) | BIT(1) | BIT(2) | BIT(3) },
	{ "MP", begin, { NULL, send, receive }, judge_two,
	  BIT(0) | BIT(1) | BIT(3) },
	{ "MP plain", begin, { NULL, send_plain, receive_plain },
	  judge_nothing },
	{ "MP plain, without acquire", begin,
	  { NULL, send_plain, receive_plain_relaxed }, judge_nothing,
	  .fails = true },
	{ "MP by a swap between", begin, { NULL, send, pass_by_swap, receive },
	  judge_second, BIT(0) | BIT(2) },
	{ "MP by a write between", begin,
	  { NULL, send, pass_by_write, receive }, judge_second,
	  BIT(0) | BIT(1) | BIT(2) },
	{ "SB", begin, { NULL, store_x_read_y, store_y_read_x }, judge_two,
	  BIT(0) | BIT(1) | BIT(2) | BIT(3) },
	/* BIT(3) is not explored: see order.h */
	{ "LB", begin, { NULL, read_y_store_x, read_x_store_y }, judge_two,
	  BIT(0) | BIT(1) | BIT(2) },
	{ "2+2W", begin, { NULL, write_x_y, write_y_x }, judge_last,
	  BIT(0) | BIT(1) | BIT(2) | BIT(3) },
	{ "CoRR", begin, { NULL, write_twice, read_twice }, judge_twice,
	  BIT(0) | BIT(1) | BIT(2) | BIT(4) | BIT(5) | BIT(8) },
	{ "three add", begin, { NULL, add_a, add_b, add_c }, judge_add,
	  BIT(1) | BIT(2) | BIT(3) | BIT(5) | BIT(6) | BIT(7) },
	{ "three under a lock", begin,
	  { NULL, add_locked, add_locked, add_locked }, judge_locked },
	{ "two without a lock", begin, { NULL, add_plain, add_plain },
	  judge_nothing, .fails = true },
	{ .name = NULL },
};
